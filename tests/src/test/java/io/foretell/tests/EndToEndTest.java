package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code foretell up} from the first step to the last. */
@Tag("integration")
class EndToEndTest {
    private static final Duration END = Duration.ofSeconds(120);
    private static final int NTP_STEPS = 5;
    private static final int RLP_STEPS = 6;

    @TempDir
    static Path folder;

    private static TestRun run;
    private static TestRun strict;
    private static List<String> printed;

    @BeforeAll
    static void bothRunsComeToTheirEnd() {
        run = new TestRun(folder, "whole");
        printed = complete(run.config(NTP_STEPS, RLP_STEPS));
        strict = new TestRun(folder, "strict");
        complete(strict.config(
                NTP_STEPS,
                RLP_STEPS,
                Map.of(
                        "run",
                        "{name: strict, dir: '" + folder.resolve("runs")
                                + "', seed: 1, mode: sync, stop_timeout: 110s, watchdog: 10m}")));
    }

    private static List<String> complete(Path config) {
        try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config)) {
            assertThat(up.awaitExit(END)).as("exit status of %s", up).isZero();
            assertThat(up.err()).as("standard error").isEmpty();
            return up.out();
        }
    }

    @Test
    void theSummaryTellsHeldOutMeasuresBeforeAndAfter() {
        JsonNode summary = run.summary();
        assertThat(summary.path("state").asText()).isEqualTo("finished");
        assertThat(summary.path("steps").asLong()).isEqualTo(NTP_STEPS + RLP_STEPS);
        for (String when : List.of("before", "after")) {
            JsonNode measures = summary.path("heldout").path(when);
            for (String measure : List.of(
                    "information_gain", "accuracy_with_thought", "accuracy_without_thought", "no_thought_loss")) {
                assertThat(measures.path(measure).isNumber())
                        .as("heldout.%s.%s in %s", when, measure, summary)
                        .isTrue();
            }
        }
        for (String stage : List.of("step", "generate", "reward", "wait", "train", "sync")) {
            assertThat(summary.path("wall_time_s").path(stage).asDouble(-1))
                    .as("wall_time_s.%s", stage)
                    .isNotNegative();
        }
    }

    @Test
    void everyStepHasOneLineOfFiniteFigures() {
        for (TestRun each : List.of(run, strict)) {
            assertThat(each.steps().stream().map(row -> row.path("step").asLong()))
                    .containsExactlyElementsOf(LongStream.rangeClosed(1, NTP_STEPS + RLP_STEPS)
                            .boxed()
                            .toList());
            for (JsonNode row : each.rows()) {
                row.fields()
                        .forEachRemaining(field -> assertThat(isFine(field.getValue()))
                                .as("%s in %s", field.getKey(), row)
                                .isTrue());
            }
            for (JsonNode row : each.steps()) {
                assertThat(row.path("skipped").asInt()).as("skipped in %s", row).isZero();
                assertThat(names(row))
                        .contains("actor/loss", "actor/grad_norm", "timing_s/step", "policy_version", "buffer/usable");
            }
        }
    }

    private static boolean isFine(JsonNode value) {
        return value.isNumber()
                ? Double.isFinite(value.asDouble())
                : !value.asText().equals("NaN");
    }

    private static List<String> names(JsonNode row) {
        return row.properties().stream().map(Map.Entry::getKey).toList();
    }

    @Test
    void stepsThatSampleTellRewardLengthStalenessAndMismatch() {
        List<JsonNode> sampled = run.steps().stream()
                .filter(row -> row.path("phase").asText().equals("rlp"))
                .toList();
        assertThat(sampled).hasSize(RLP_STEPS);
        for (JsonNode row : sampled) {
            assertThat(names(row))
                    .contains(
                            "reward/mean",
                            "reward/component/information_gain",
                            "reward/unit",
                            "response_length/mean",
                            "staleness/mean",
                            "mismatch_kl/mean",
                            "actor/entropy",
                            "actor/ppo_kl",
                            "perf/sampling_tokens_per_s");
            assertThat(row.path("staleness/max").asDouble()).isBetween(0.0, 4.0);
            assertThat(row.path("response_length/mean").asDouble()).isBetween(1.0, 8.0);
        }
    }

    @Test
    void inSyncModeEveryThoughtIsThePresentPolicysAndLogProbabilitiesAgree() {
        int sampled = 0;
        for (JsonNode row : strict.steps()) {
            if (row.has("staleness/max")) {
                sampled++;
                assertThat(row.path("staleness/max").asDouble())
                        .as("staleness in %s", row)
                        .isZero();
                assertThat(row.path("training/rollout_logprobs_abs_diff_max").asDouble(1))
                        .as("difference of log-probabilities in %s", row)
                        .isLessThanOrEqualTo(1e-4);
                assertThat(row.path("actor/pg_clipfrac").asDouble())
                        .as("clipped in %s", row)
                        .isZero();
            }
        }
        assertThat(sampled).isEqualTo(RLP_STEPS);
    }

    @Test
    void everyStepUsesExactlyItsGroupsAndNoneIsLeftOver() {
        for (TestRun each : List.of(run, strict)) {
            Map<String, String> audit = each.audit();
            Map<Long, Long> perStep = TestRun.groupsPerStep(audit);
            assertThat(perStep.keySet())
                    .containsExactlyElementsOf(LongStream.rangeClosed(1, NTP_STEPS + RLP_STEPS)
                            .boxed()
                            .toList());
            assertThat(perStep.values()).containsOnly((long) TestRun.PROMPTS_PER_STEP);
            // A group that others overtook may be too old where sampling runs ahead; it is replaced.
            assertThat(audit.values())
                    .as("all groups ever stored")
                    .allMatch(state ->
                            state.startsWith("USED ") || each == run && state.matches("DROPPED (stale|phase over)"));
        }
    }

    @Test
    void policiesAndCheckpointsAreWholeAndMatchTheirManifests() throws IOException {
        assertThat(run.folder().resolve("checkpoints/latest")).exists();
        for (String kind : List.of("policies", "checkpoints")) {
            List<Path> folders = numbered(run.folder().resolve(kind));
            assertThat(folders).as(kind).isNotEmpty();
            assertThat(folders.get(folders.size() - 1)).hasFileName("000011");
            for (Path each : folders) {
                assertThat(each.resolve("model.safetensors")).exists();
                assertThat(each.resolve("config.json")).exists();
                assertThat(each.resolve("tokenizer.json")).exists();
                verify(each);
            }
        }
    }

    private static List<Path> numbered(Path folder) throws IOException {
        try (Stream<Path> children = Files.list(folder)) {
            return children.filter(Files::isDirectory).sorted().toList();
        }
    }

    private static void verify(Path folder) {
        JsonNode manifest = TestRun.json(TestRun.read(folder.resolve("manifest.json")));
        JsonNode files = manifest.has("files") ? manifest.path("files") : manifest;
        assertThat(files.size()).as("files named in %s", manifest).isGreaterThanOrEqualTo(3);
        files.fields().forEachRemaining(file -> {
            String wanted = file.getValue().isTextual()
                    ? file.getValue().asText()
                    : file.getValue().path("sha256").asText();
            assertThat(sha256(folder.resolve(file.getKey())))
                    .as("sha-256 of %s in %s", file.getKey(), folder)
                    .isEqualTo(wanted);
        });
    }

    private static String sha256(Path file) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theTerminalShowsTheBatchVocabularyProgressAndATable() {
        assertThat(printed)
                .anyMatch(line -> line.contains("phase 1 rlp: 6 steps × 8 tasks × 4 rollouts = 32 sequences"))
                .anyMatch(line -> line.startsWith("step "))
                .anyMatch(line -> line.startsWith("held out") && line.contains("before") && line.contains("after"))
                .anyMatch(line -> line.startsWith("information_gain"))
                .anyMatch(line -> line.startsWith("11 steps in "));
    }
}
