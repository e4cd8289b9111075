package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LearningRateTest {
    private static final Offset<Double> EXACT = within(1e-12);

    private static double rate(long step, long steps, String schedule, int warmup) {
        return LearningRate.at(step, steps, schedule, 2, warmup, 0.1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"constant", "linear", "cosine", "wsd"})
    void warmUpIsLinearAndEndsAtThePeak(String schedule) {
        assertThat(rate(1, 100, schedule, 10)).isCloseTo(0.2, EXACT);
        assertThat(rate(5, 100, schedule, 10)).isCloseTo(1.0, EXACT);
        assertThat(rate(10, 100, schedule, 10)).isCloseTo(2.0, EXACT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"linear", "cosine", "wsd"})
    void decayingSchedulesEndAtTheirSmallestShareAndNeverRise(String schedule) {
        double before = Double.MAX_VALUE;
        for (long step = 10; step <= 100; step++) {
            double rate = rate(step, 100, schedule, 10);
            assertThat(rate).as("step %d", step).isLessThanOrEqualTo(before).isBetween(0.2 - 1e-9, 2.0);
            before = rate;
        }
        assertThat(before).isCloseTo(0.2, EXACT);
    }

    @Test
    void schedulesHaveTheirShapeBetween() {
        assertThat(rate(55, 100, "constant", 10)).isEqualTo(2);
        assertThat(rate(100, 100, "constant", 10)).isEqualTo(2);
        assertThat(rate(55, 100, "linear", 10)).isCloseTo(0.2 + 1.8 * 0.5, EXACT);
        assertThat(rate(55, 100, "cosine", 10)).isCloseTo(0.2 + 1.8 * 0.5, EXACT);
        assertThat(rate(25, 100, "cosine", 0)).isCloseTo(0.2 + 1.8 * (1 + Math.sqrt(0.5)) / 2, EXACT);
        assertThat(rate(60, 100, "wsd", 10)).as("stable over 60 %").isCloseTo(2, EXACT);
        assertThat(rate(80, 100, "wsd", 10)).as("half of the decay").isCloseTo(0.2 + 1.8 * 0.5, EXACT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"constant", "linear", "cosine", "wsd"})
    void aPhaseWithoutAnEndHasNoDecay(String schedule) {
        assertThat(rate(3, Long.MAX_VALUE, schedule, 4)).isCloseTo(1.5, EXACT);
        assertThat(rate(1_000_000, Long.MAX_VALUE, schedule, 4)).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"constant", "linear", "cosine", "wsd"})
    void aPhaseShorterThanItsWarmUpOnlyWarmsUp(String schedule) {
        assertThat(rate(3, 4, schedule, 8)).isCloseTo(0.75, EXACT);
        assertThat(rate(4, 4, schedule, 4)).isEqualTo(2);
    }
}
