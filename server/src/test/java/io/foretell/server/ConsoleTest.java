package io.foretell.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ConsoleTest {
    @Test
    void rewardsOfRolesStandBehindTheMean() {
        Map<String, Object> metrics = new TreeMap<>(Map.of(
                "step", 7L, "phase", "rlpt", "policy_version", 6L, "reward/mean", 0.25, "response_length/mean", 9.5));
        assertThat(Console.step(metrics, 20)).startsWith("step 7/20 rlpt v6 | reward +0.250 len 9.5 |");

        metrics.putAll(Map.of("msr/reward/mean", 0.125, "asr/reward/mean", 0.375, "asr/groups", 4));

        assertThat(Console.step(metrics, 20))
                .startsWith("step 7/20 rlpt v6 | reward +0.250 (asr +0.375, msr +0.125) len 9.5 |");
    }
}
