package io.foretell.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.data.Offset.offset;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class BenchReportTest {
    @Test
    void jsonHasThePeakAndOneObjectPerCase() throws Exception {
        BenchReport report = new BenchReport(
                "pipeline", new BenchReport.Figures().put("fp32_gflops", 52.5).put("copy_gb_per_second", 9));
        report.add("http-documents", new BenchReport.Figures().put("documents_per_second", 20000.4));
        report.addFailure("whole-path", "it ended early");
        JsonNode json = Json.mapper().readTree(report.json());
        assertThat(json.path("benchmark").asText()).isEqualTo("pipeline");
        assertThat(json.path("peak").path("fp32_gflops").asDouble()).isEqualTo(52.5);
        assertThat(json.path("peak").path("copy_gb_per_second").isIntegralNumber())
                .isTrue();
        assertThat(json.path("cases")).hasSize(2);
        assertThat(json.path("cases").get(0).path("name").asText()).isEqualTo("http-documents");
        assertThat(json.path("cases").get(0).path("documents_per_second").asDouble())
                .isEqualTo(20000.4);
        assertThat(json.path("cases").get(1).path("failure").asText()).isEqualTo("it ended early");
        assertThat(report.table()).hasSize(4).anyMatch(line -> line.contains("20,000"));
    }

    @Test
    void figuresThatAreNotFiniteAreRefused() {
        assertThatThrownBy(() -> new BenchReport.Figures().put("rate", 0.0 / 0))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("rate is NaN");
    }

    @Test
    void percentilesAreNearestRanks() {
        double[] hundred =
                DoubleStream.iterate(100, value -> value - 1).limit(100).toArray();
        assertThat(OrderStatistics.percentile(50, hundred)).isEqualTo(50);
        assertThat(OrderStatistics.percentile(99, hundred)).isEqualTo(99);
        assertThat(OrderStatistics.percentile(100, hundred)).isEqualTo(100);
        assertThat(OrderStatistics.percentile(0, hundred)).isEqualTo(1);
        assertThat(OrderStatistics.median(3, 1, 2)).isEqualTo(2);
        assertThat(hundred[0]).as("the argument is left as it is").isEqualTo(100);
        assertThatThrownBy(OrderStatistics::median).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void stepsAreMeasuredWithoutTheColdOnesAndWeightedByTheirTime() throws Exception {
        List<JsonNode> rows = new ArrayList<>();
        for (int step = 1; step <= 5; step++) {
            rows.add(row("rlp", 100, 1));
        }
        rows.add(row("rlp", 3, 0.1));
        rows.add(row("rlp", 1, 0.5));
        rows.add(row("ntp", 7, 0.9));
        rows.add(Json.mapper().readTree("{\"phase\":\"rlp\",\"heldout/no_thought_loss\":1}"));
        StepRows steps = new StepRows(rows, "rlp");
        assertThat(steps.steps()).isEqualTo(2);
        assertThat(steps.stepSeconds()).isEqualTo(2);
        assertThat(steps.stepsPerSecond()).isEqualTo(0.5);
        assertThat(steps.outsideModelShare()).isCloseTo(0.2, offset(1e-12));
        assertThatThrownBy(() -> new StepRows(rows, "ntp")).hasMessageContaining("too few");
    }

    private static JsonNode row(String phase, double seconds, double outside) {
        return Json.mapper()
                .createObjectNode()
                .put("phase", phase)
                .put("timing_s/step", seconds)
                .put("perf/outside_model_share", outside);
    }

    @Test
    void sampleDocumentsAreFourKilobytesOfJsonWithIdsOfTheirOwn() throws Exception {
        SampleDocuments documents = new SampleDocuments(1);
        String[] lines = documents.nextLines(3).toString().split("\n");
        assertThat(lines).hasSize(3);
        JsonNode first = Json.mapper().readTree(lines[0]);
        assertThat(first.path("id").asText()).isEqualTo("bench-0");
        assertThat(lines[0].length()).isBetween(4000, 4120);
        assertThat(Json.mapper()
                        .readTree(documents.next().toString())
                        .path("id")
                        .asText())
                .isEqualTo("bench-3");
    }
}
