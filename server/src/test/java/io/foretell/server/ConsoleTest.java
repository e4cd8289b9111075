package io.foretell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ConsoleTest {
    private static Map<String, Object> sampledStep() {
        return new TreeMap<>(Map.of(
                "step", 7L,
                "phase", "rlpt",
                "policy_version", 6L,
                "reward/mean", 0.25,
                "reward/unit", "right or wrong, 1 or 0",
                "reward/std", 0.5,
                "response_length/mean", 9.5,
                "actor/ce_loss", 1.25,
                "perf/training_tokens_per_s", 1234.0,
                "timing_s/step", 0.52));
    }

    @Test
    void aStepIsOneLineOfTheCataloguesConsoleMetrics() {
        assertThat(Console.step(sampledStep(), 20))
                .isEqualTo("step 7/20 rlpt v6 | reward +0.2500 length 9.500 | loss 1.250"
                        + " | training 1234 tokens/s step 0.52 s");
        assertThat(Console.step(sampledStep(), Long.MAX_VALUE)).startsWith("step 7 rlpt v6 | ");
    }

    @Test
    void rewardsOfEachKindOfTaskFollowTheMean() {
        Map<String, Object> metrics = sampledStep();
        metrics.putAll(Map.of("msr/reward/mean", 0.125, "asr/reward/mean", 0.375, "asr/groups", 4));

        assertThat(Console.step(metrics, 20))
                .startsWith("step 7/20 rlpt v6 | reward +0.2500 asr +0.3750 msr +0.1250 length 9.500 |");
    }

    @Test
    void everyHeldOutMeasureIsSaidWithItsUnitAndInterval() {
        assertThat(Console.heldOut(new TreeMap<>(Map.of(
                        "step", 40L,
                        "heldout/banned_token_rate", 0.0625,
                        "heldout/banned_token_rate_low", 0.05,
                        "heldout/banned_token_rate_high", 0.075,
                        "heldout/continuation_length", 13.5,
                        "heldout/no_thought_loss", 1.5,
                        "heldout/a_new_measure", 2.5,
                        "timing_s/evaluate", 1.0))))
                .isEqualTo(
                        "  held out after step 40: banned token rate 6.3% [5.0%, 7.5%], continuation length 13.50 tokens,"
                                + " no thought loss 1.500 nats, a new measure 2.500");
    }
}
