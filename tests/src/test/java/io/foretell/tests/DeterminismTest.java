package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.AtomicFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Strictly on-policy, with seed, input and threads fixed, a run is a function. */
@Tag("slow")
class DeterminismTest {
    private static final int NTP_STEPS = 20;
    private static final int RLP_STEPS = 30;
    private static final int STEPS = NTP_STEPS + RLP_STEPS;
    private static final Duration END = Duration.ofSeconds(400);

    @TempDir
    private Path folder;

    @Test
    void fiftyStepsGiveTheSameWeightsBitForBitAlsoAcrossAStop() {
        Path first = run("first", List.of(STEPS), 1);
        Path stopped = run("stopped", List.of(7, NTP_STEPS + 13, STEPS), 1);
        Path other = run("other", List.of(STEPS), 2);
        for (String file : List.of("model.safetensors", "ema.safetensors")) {
            String expected = AtomicFiles.sha256(first.resolve(file));
            assertThat(AtomicFiles.sha256(stopped.resolve(file))).as(file).isEqualTo(expected);
            assertThat(AtomicFiles.sha256(other.resolve(file)))
                    .as("another seed")
                    .isNotEqualTo(expected);
        }
    }

    /** @return the last checkpoint of a run that was stopped and resumed at the steps given */
    private Path run(String name, List<Integer> stops, long seed) {
        TestRun run = new TestRun(folder.resolve(name), "same");
        Path config = run.config(
                NTP_STEPS,
                RLP_STEPS,
                Map.of(
                        "run",
                        "{name: same, dir: '" + run.dir().resolve("runs") + "', seed: " + seed
                                + ", mode: sync, full_determinism: true, stop_timeout: 110s}",
                        "rollout",
                        "{n: 4, max_prompt_length: 32, max_response_length: 16}",
                        "eval",
                        "{interval: 0, before_train: false}"));
        for (int stop : stops) {
            try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config, "--until-step", stop)) {
                assertThat(up.awaitExit(END)).as("%s", up).isZero();
            }
        }
        List<JsonNode> steps = run.steps();
        assertThat(steps).hasSize(STEPS);
        assertThat(steps.get(STEPS - 1).path("staleness/max").asDouble()).isZero();
        return run.folder().resolve(String.format("checkpoints/%06d", STEPS));
    }
}
