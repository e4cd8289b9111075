package io.foretell.learner.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.EventStream;
import io.foretell.platform.Json;
import io.foretell.platform.Metrics;
import io.foretell.platform.Time;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
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
    private final Metrics metrics = new Metrics(MetricCatalogue.get()::help);

    @AfterEach
    void close() {
        events.close();
        metrics.close();
    }

    private MetricsLog open(long step) {
        return new MetricsLog(file(), step, events, metrics, Time.system());
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
    void rowsAreReadBackFromTheFile() throws IOException {
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
    void gaugesHaveTheNamesAndHelpTextsOfTheCatalogue() {
        try (MetricsLog log = open(0)) {
            metrics.count("tasks.issued", "objective", "rlp");
            log.add(Map.of(
                    "step",
                    1,
                    "heldout/banned_token_rate",
                    0.25,
                    "reward/component/quality",
                    0.5,
                    "batch/sha256",
                    "ab"));
        }

        assertThat(metrics.scrape())
                .contains("\nheldout_banned_token_rate 0.25\n", "\nreward_component{name=\"quality\"} 0.5\n")
                .contains("# HELP trainer_step Training steps done.\n")
                .contains("# HELP tasks_issued_total Tasks written to the tasks topic by objective.\n")
                .contains(
                        "# HELP staleness_versions Histogram of the policy versions between sampling and training.\n");
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
    void aLongLogIsReadFromItsEndInBlocks() {
        try (MetricsLog log = open(0)) {
            String longText = "é".repeat(50_000); // longer than a block
            for (int step = 1; step <= 3000; step++) {
                log.add(Map.of("step", step, "phase", step % 500 == 0 ? longText : "rlp"));
                log.add(Map.of("step", step, "heldout/information_gain", 0.1));
            }

            assertThat(steps(log.since(2998))).containsExactly(2999L, 2999L, 3000L, 3000L);
            assertThat(log.since(-1)).hasSize(6000);
            assertThat(log.since(2999).get(0).path("phase").asText()).isEqualTo(longText);
            List<Long> every = new ArrayList<>();
            log.forEach(row -> every.add(row.path("step").asLong()));
            assertThat(every).hasSize(6000).isSorted().isEqualTo(steps(log.since(-1)));
        }
        try (MetricsLog log = open(1700)) {
            assertThat(steps(log.since(1699))).containsExactly(1700L, 1700L);
        }
        try (MetricsLog log = open(-1)) {
            assertThat(log.since(-1)).isEmpty();
        }
    }

    @Test
    void aLineThatIsBeingWrittenIsNotSeenYet() throws IOException {
        try (MetricsLog log = open(0)) {
            log.add(Map.of("step", 1));
            Files.writeString(file(), "{\"step\": 2, ", StandardOpenOption.APPEND);
            assertThat(steps(log.since(-1))).containsExactly(1L);

            Files.writeString(file(), "\"phase\": \"rlp\"}\n", StandardOpenOption.APPEND);
            assertThat(steps(log.since(-1))).containsExactly(1L, 2L);
        }
    }

    @Test
    void aHalfWrittenLastLineIsDropped() throws IOException {
        for (byte[] half : List.of(
                "{\"step\": 3, \"actor".getBytes(StandardCharsets.UTF_8),
                "17".getBytes(StandardCharsets.UTF_8),
                "{\"step\": 3}".getBytes(StandardCharsets.UTF_8), // whole but for its line break
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

    private static RunSummary summary(List<ObjectNode> rows) {
        RunSummary summary = new RunSummary();
        rows.forEach(summary::add);
        return summary;
    }

    @Test
    void beforeIsTheFirstEvaluationOfTheLastPhaseAndAfterTheLastOfAll() {
        List<ObjectNode> rows = List.of(
                row("{\"step\":0,\"phase_index\":0,\"heldout/no_thought_loss\":9,\"heldout/information_gain\":0}"),
                row("{\"step\":3,\"phase_index\":1,\"heldout/no_thought_loss\":3,\"heldout/information_gain\":0.1}"),
                row("{\"step\":4,\"phase_index\":1,\"actor/loss\":1}"),
                row("{\"step\":5,\"phase_index\":1,\"heldout/no_thought_loss\":2,\"heldout/information_gain\":0.2}"),
                row("{\"step\":7,\"phase_index\":1,\"heldout/no_thought_loss\":1,\"heldout/information_gain\":0.3}"));

        assertThat(summary(rows).before()).isEqualTo(Map.of("no_thought_loss", 3.0, "information_gain", 0.1));
        assertThat(summary(rows).after()).isEqualTo(Map.of("no_thought_loss", 1.0, "information_gain", 0.3));
        assertThat(summary(rows.subList(2, 3)).before()).isEmpty();
        assertThat(summary(List.of()).after()).isEmpty();
    }

    @Test
    void anEvaluationOfQuestionsAloneCountsAsOne() {
        List<ObjectNode> rows = List.of(row("{\"step\":3,\"phase_index\":0,\"heldout/information_gain\":0.1}"));

        assertThat(summary(rows).before()).isEqualTo(Map.of("information_gain", 0.1));
    }

    @Test
    void anEvaluationOfStatedAnswersAloneCountsAsOne() {
        List<ObjectNode> rows = List.of(row("{\"step\":3,\"phase_index\":0,\"heldout/accuracy_with_thought\":0.5}"));

        assertThat(summary(rows).after()).isEqualTo(Map.of("accuracy_with_thought", 0.5));
    }

    @Test
    void theShareOutsideTheModelIsWeightedByTime() {
        List<ObjectNode> rows = List.of(
                row("{\"phase\":\"rlp\",\"perf/outside_model_share\":0.5,\"timing_s/step\":1}"),
                row("{\"phase\":\"rlp\",\"perf/outside_model_share\":0.1,\"timing_s/step\":3}"),
                row("{\"phase\":\"ntp\",\"perf/outside_model_share\":0.3,\"timing_s/step\":0}"),
                row("{\"phase\":\"ntp\",\"timing_s/step\":8}"));

        assertThat(summary(rows).outsideModel().get("rlp"))
                .isCloseTo(0.2, org.assertj.core.api.Assertions.within(1e-12));
        assertThat(summary(rows).outsideModel()).containsEntry("ntp", 0.0);
    }

    @Test
    void theSummarySumsTheStages() throws IOException {
        Path file = folder.resolve("summary.json");
        List<ObjectNode> rows =
                List.of(row("{\"timing_s/train\":1.5}"), row("{\"timing_s/train\":2,\"timing_s/wait\":1}"));

        summary(rows).write(file, "test", "finished", 9, 8);

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
