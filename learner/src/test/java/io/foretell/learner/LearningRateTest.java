package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LearningRateTest {
    private static final Offset<Double> EXACT = within(1e-12);
    private static final long NEVER = Long.MAX_VALUE;

    private static double rate(long step, long steps, String schedule, int warmup) {
        return schedule(schedule, steps, warmup, 0.1, 0).rate(step, NEVER, NEVER);
    }

    /** Peak 2; infinite cools down over 20 steps to 0.5, an anneal takes 8. */
    private static LearningRate schedule(String schedule, long steps, int warmup, double minRatio, int rewarm) {
        return new LearningRate(schedule, steps, 2, warmup, minRatio, new ScheduleSettings(20, 0.25, 8, rewarm));
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

    @Test
    void infiniteCoolsDownAlongACosineAndStaysForEver() {
        assertThat(rate(5, NEVER, "infinite", 10)).isCloseTo(1, EXACT);
        assertThat(rate(10, NEVER, "infinite", 10)).isCloseTo(2, EXACT);
        assertThat(rate(20, NEVER, "infinite", 10)).as("half of the cooldown").isCloseTo(0.5 + 1.5 / 2, EXACT);
        assertThat(rate(15, NEVER, "infinite", 10)).isCloseTo(0.5 + 1.5 * (1 + Math.sqrt(0.5)) / 2, EXACT);
        assertThat(rate(30, NEVER, "infinite", 10)).isCloseTo(0.5, EXACT);
        assertThat(rate(1_000_000, NEVER, "infinite", 10)).isCloseTo(0.5, EXACT);
        assertThat(rate(99, 100, "infinite", 10)).as("a phase with an end").isCloseTo(0.5, EXACT);
    }

    @Test
    void theAnnealFallsExponentiallyFromWhereTheScheduleIs() {
        LearningRate infinite = schedule("infinite", NEVER, 10, 0.01, 0);
        assertThat(infinite.rate(100, 101, NEVER)).as("the last before").isCloseTo(0.5, EXACT);
        for (int k = 1; k <= 8; k++) {
            assertThat(infinite.rate(100 + k, 101, NEVER))
                    .as("step %d of 8", k)
                    .isCloseTo(0.5 * Math.pow(0.02 / 0.5, k / 8.0), EXACT);
        }
        assertThat(infinite.rate(5000, 101, NEVER)).isCloseTo(0.02, EXACT);
        LearningRate cosine = schedule("cosine", 90, 10, 0.1, 0);
        assertThat(cosine.rate(54, 51, NEVER))
                .as("halfway down from half of the cosine")
                .isCloseTo(Math.sqrt((0.2 + 1.8 * 0.5) * 0.2), EXACT);
    }

    @Test
    void withASmallestRateOfZeroTheAnnealIsLinear() {
        LearningRate constant = schedule("constant", NEVER, 0, 0, 0);
        assertThat(constant.rate(1, 1, NEVER)).isCloseTo(2 * 7 / 8.0, EXACT);
        assertThat(constant.rate(6, 1, NEVER)).isCloseTo(2 * 2 / 8.0, EXACT);
        assertThat(constant.rate(8, 1, NEVER)).isZero();
        assertThat(constant.rate(9, 1, NEVER)).isZero();
    }

    @Test
    void afterARestartTheRateRisesToWhatTheScheduleSays() {
        LearningRate linear = schedule("linear", 100, 0, 0, 4);
        assertThat(linear.rate(51, NEVER, 1)).isCloseTo(2 * 0.49 / 4, EXACT);
        assertThat(linear.rate(53, NEVER, 3)).isCloseTo(2 * 0.47 * 3 / 4, EXACT);
        assertThat(linear.rate(54, NEVER, 4)).isCloseTo(2 * 0.46, EXACT);
        assertThat(linear.rate(51, NEVER, NEVER)).as("without a restart").isCloseTo(2 * 0.49, EXACT);
    }
}
