package io.foretell.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ClippedSurrogateTest {
    private static final ClippedSurrogate SURROGATE = new ClippedSurrogate(0.2, 0.3);

    @Test
    void insideTheBoundsItIsTheRatioTimesTheAdvantage() {
        assertThat(SURROGATE.loss(-1, -1, 2)).isEqualTo(-2);
        assertThat(SURROGATE.loss(-0.9, -1, -2)).isCloseTo(2 * Math.exp(0.1), within(1e-12));
        assertThat(SURROGATE.isClipped(-0.9, -1, 2)).isFalse();
    }

    @Test
    void beyondTheBoundOnlyTheSideThatHelpsIsClipped() {
        assertThat(SURROGATE.loss(0, -1, 1)).isEqualTo(-1.3);
        assertThat(SURROGATE.derivative(0, -1, 1)).isZero();
        assertThat(SURROGATE.loss(0, -1, -1)).isCloseTo(Math.E, within(1e-12));
        assertThat(SURROGATE.loss(-2, -1, -1)).isEqualTo(0.8);
        assertThat(SURROGATE.isClipped(-2, -1, -1)).isTrue();
        assertThat(SURROGATE.isClipped(-2, -1, 1)).isFalse();
    }

    @Test
    void theDerivativeIsThatOfTheLoss() {
        Random random = new Random(17);
        for (int i = 0; i < 1000; i++) {
            double old = -3 * random.nextDouble();
            double now = old + 0.5 * random.nextGaussian();
            double advantage = random.nextGaussian();
            double step = 1e-6;
            double slope = (SURROGATE.loss(now + step, old, advantage) - SURROGATE.loss(now - step, old, advantage))
                    / (2 * step);
            double ratio = LogRatio.ratio(now, old);
            if (Math.abs(ratio - 1.3) > 1e-4 && Math.abs(ratio - 0.8) > 1e-4) {
                assertThat(SURROGATE.derivative(now, old, advantage))
                        .as("seed 17, draw %d", i)
                        .isCloseTo(slope, within(1e-5));
            }
        }
    }
}
