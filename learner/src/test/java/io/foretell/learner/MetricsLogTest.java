package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.EventStream;
import io.foretell.platform.Json;
import io.foretell.platform.Metrics;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** MetricsLog, and RunSummary, which is made of its lines. */
class MetricsLogTest {
    @TempDir
    Path folder;

    private final EventStream events = new EventStream(10);
    private final Metrics metrics = new Metrics();

    @AfterEach
    void close() {
        events.close();
        metrics.close();
    }

    private MetricsLog open(long step) {
        return new MetricsLog(file(), step, events, metrics);
    }

    private Path file() {
        return folder.resolve("runs/test/metrics.jsonl");
    }

    private void write(int steps) {
        try (MetricsLog log = open(0)) {
            for (int step = 1; step <= steps; step++) {
                log.add(Map.of("step", step, "actor/loss", 0.5 * step));
            }
        }
    }

    private static List<Long> steps(List<ObjectNode> rows) {
        return rows.stream().map(row -> row.path("step").asLong()).toList();
    }

    @Test
    void rowsAreKeptInTheFileAndInMemory() throws IOException {
        write(3);

        assertThat(Files.readAllLines(file())).hasSize(3);
        try (MetricsLog log = open(3)) {
            assertThat(steps(log.since(0))).containsExactly(1L, 2L, 3L);
            assertThat(steps(log.since(2))).containsExactly(3L);
            assertThat(log.since(3)).isEmpty();
            assertThat(log.since(0).get(2).path("actor/loss").asDouble()).isEqualTo(1.5);
        }
        assertThat(metrics.scrape()).contains("trainer_step 3.0").contains("trainer_loss 1.5");
    }

    @Test
    void rowsAfterTheCheckpointAreDropped() throws IOException {
        write(5);

        try (MetricsLog log = open(3)) {
            assertThat(steps(log.since(0))).containsExactly(1L, 2L, 3L);
            log.add(Map.of("step", 4));
        }

        assertThat(Files.readAllLines(file())).hasSize(4).last().isEqualTo("{\"step\":4}");
    }

    @Test
    void aHalfWrittenLastLineIsDropped() throws IOException {
        for (byte[] half : List.of(
                "{\"step\": 3, \"actor".getBytes(StandardCharsets.UTF_8),
                "17".getBytes(StandardCharsets.UTF_8),
                new byte[] {'{', '"', (byte) 0xc3},
                new byte[4096])) {
            write(2);
            Files.write(file(), half, StandardOpenOption.APPEND);

            try (MetricsLog log = open(9)) {
                assertThat(steps(log.since(0))).containsExactly(1L, 2L);
            }
            assertThat(Files.readAllLines(file())).hasSize(2);
        }
    }

    @Test
    void aNumberThatIsNoneDoesNotSpoilTheLine() throws IOException {
        try (MetricsLog log = open(0)) {
            log.add(Map.of("step", 1, "actor/grad_norm", Double.NaN));
        }

        try (MetricsLog log = open(1)) {
            assertThat(steps(log.since(0))).containsExactly(1L);
        }
    }

    private static ObjectNode row(String json) {
        try {
            return (ObjectNode) Json.mapper().readTree(json);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void beforeIsTheFirstEvaluationOfTheLastPhaseAndAfterTheLastOfAll() {
        List<ObjectNode> rows = List.of(
                row("{\"step\":0,\"phase_index\":0,\"heldout/no_thought_loss\":9,\"heldout/information_gain\":0}"),
                row("{\"step\":3,\"phase_index\":1,\"heldout/no_thought_loss\":3,\"heldout/information_gain\":0.1}"),
                row("{\"step\":4,\"phase_index\":1,\"actor/loss\":1}"),
                row("{\"step\":5,\"phase_index\":1,\"heldout/no_thought_loss\":2,\"heldout/information_gain\":0.2}"),
                row("{\"step\":7,\"phase_index\":1,\"heldout/no_thought_loss\":1,\"heldout/information_gain\":0.3}"));

        assertThat(RunSummary.measures(rows, true)).isEqualTo(Map.of("no_thought_loss", 3.0, "information_gain", 0.1));
        assertThat(RunSummary.measures(rows, false)).isEqualTo(Map.of("no_thought_loss", 1.0, "information_gain", 0.3));
        assertThat(RunSummary.measures(rows.subList(2, 3), true)).isEmpty();
        assertThat(RunSummary.measures(List.of(), false)).isEmpty();
    }

    @Test
    void anEvaluationOfQuestionsAloneCountsAsOne() {
        List<ObjectNode> rows = List.of(row("{\"step\":3,\"phase_index\":0,\"heldout/information_gain\":0.1}"));

        assertThat(RunSummary.measures(rows, true)).isEqualTo(Map.of("information_gain", 0.1));
    }

    @Test
    void theShareOutsideTheModelIsWeightedByTime() {
        List<ObjectNode> rows = List.of(
                row("{\"phase\":\"rlp\",\"perf/outside_model_share\":0.5,\"timing_s/step\":1}"),
                row("{\"phase\":\"rlp\",\"perf/outside_model_share\":0.1,\"timing_s/step\":3}"),
                row("{\"phase\":\"ntp\",\"perf/outside_model_share\":0.3,\"timing_s/step\":0}"),
                row("{\"phase\":\"ntp\",\"timing_s/step\":8}"));

        assertThat(RunSummary.outsideModel(rows).get("rlp"))
                .isCloseTo(0.2, org.assertj.core.api.Assertions.within(1e-12));
        assertThat(RunSummary.outsideModel(rows)).containsEntry("ntp", 0.0);
    }

    @Test
    void theSummarySumsTheStages() throws IOException {
        Path file = folder.resolve("summary.json");
        List<ObjectNode> rows =
                List.of(row("{\"timing_s/train\":1.5}"), row("{\"timing_s/train\":2,\"timing_s/wait\":1}"));

        RunSummary.write(file, "test", "finished", 9, 8, rows);

        ObjectNode summary = row(Files.readString(file));
        assertThat(summary.path("run").asText()).isEqualTo("test");
        assertThat(summary.path("steps").asLong()).isEqualTo(9);
        assertThat(summary.path("policy_version").asLong()).isEqualTo(8);
        assertThat(summary.path("wall_time_s").path("train").asDouble()).isEqualTo(3.5);
        assertThat(summary.path("wall_time_s").path("wait").asDouble()).isEqualTo(1);
        assertThat(summary.path("wall_time_s").path("reward").asDouble()).isZero();
        assertThat(summary.path("heldout").path("before").isEmpty()).isTrue();
    }
}
