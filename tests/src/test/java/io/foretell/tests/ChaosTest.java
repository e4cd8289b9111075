package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The short form of {@code foretell chaos}. */
@Tag("slow")
class ChaosTest {
    private static final Duration END = Duration.ofMinutes(15);

    @TempDir
    private Path folder;

    @Test
    void tenKillsLoseNothingAndRepeatNothingAndTheWeightsAreThoseOfAnUninterruptedRun() {
        long seed = Long.getLong("foretell.seed", System.nanoTime());
        try (ForetellProcess chaos = ForetellProcess.foretell(
                "chaos", "--kills", 10, "--steps", 60, "--seed", seed, "--json", "--run-dir", folder)) {
            int status = chaos.awaitExit(END);
            assertThat(status).as("%s", chaos).isZero();
            List<String> out = chaos.out();
            JsonNode figures = TestRun.json(out.get(out.size() - 1));
            System.out.println("ChaosTest: " + figures + " (repeat with -Dforetell.seed=" + seed + ")");
            assertThat(figures.path("kills").asInt()).isEqualTo(10);
            for (String nothing : List.of(
                    "groups_lost", "groups_trained_twice", "rollouts_beyond_staleness", "groups_of_lost_weights")) {
                assertThat(figures.path(nothing).asLong(-1))
                        .as("%s: %s", nothing, chaos)
                        .isZero();
            }
            assertThat(figures.path("weights_equal_replay").asBoolean())
                    .as("%s", chaos)
                    .isTrue();
            assertThat(figures.path("trained_lengths").asInt()).isGreaterThan(1000);
            assertThat(figures.path("length_ks_probability").asDouble()).isGreaterThan(0.01);
        }
    }
}
