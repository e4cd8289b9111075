package io.foretell.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.losses.RolloutCorrection.Level;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RolloutCorrectionTest {
    private static final double[] ROLLOUT = {-1, -1, -1, -1};
    /** Ratios 1, 1, 2, 0.5: their product is 1. */
    private static final double[] PROXIMAL = {-1, -1, -1 + Math.log(2), -1 - Math.log(2)};

    private static RolloutCorrection.Corrected of(Level weight, double threshold, Level mask, double low, double high) {
        return new RolloutCorrection(weight, threshold, mask, low, high).correct(PROXIMAL, ROLLOUT);
    }

    @Test
    void truncatedImportanceSamplingCutsOnlyFromAbove() {
        RolloutCorrection.Corrected found = of(Level.TOKEN, 1.5, Level.NONE, 0.5, 2);

        assertThat(found.factors()).containsExactly(new double[] {1, 1, 1.5, 0.5}, within(1e-12));
        assertThat(found.above()).isEqualTo(1);
        assertThat(found.masked()).isZero();
        assertThat(found.largest()).isCloseTo(2, within(1e-12));
    }

    @Test
    void icePopMasksOutsideOfItsBoundsAndKeepsTheWeightInside() {
        RolloutCorrection.Corrected found = of(Level.TOKEN, 1.9, Level.TOKEN, 0.6, 1.9);

        assertThat(found.factors()).containsExactly(new double[] {1, 1, 0, 0}, within(1e-12));
        assertThat(found.masked()).isEqualTo(2);
    }

    @Test
    void aSequenceIsWeighedAndMaskedAsAWhole() {
        double[] logs = {.02, -.01, .03, 0};
        double[] none = new double[4];
        RolloutCorrection weights = new RolloutCorrection(Level.SEQUENCE, 2, Level.NONE, 0.5, 2);
        RolloutCorrection byProduct = new RolloutCorrection(Level.NONE, 2, Level.SEQUENCE, 0.5, 1.0408);
        RolloutCorrection byMean = new RolloutCorrection(Level.NONE, 2, Level.GEOMETRIC, 0.5, 1.0408);
        RolloutCorrection tight = new RolloutCorrection(Level.NONE, 2, Level.GEOMETRIC, 0.5, 1.01);

        assertThat(weights.correct(logs, none).factors()).containsOnly(arrayOf(1.0408108), within(5e-8));
        assertThat(byProduct.correct(logs, none).factors()).containsExactly(0, 0, 0, 0);
        assertThat(byMean.correct(logs, none).factors()).containsExactly(1, 1, 1, 1);
        assertThat(tight.correct(logs, none).factors()).containsExactly(0, 0, 0, 0);
    }

    private static double[] arrayOf(double value) {
        double[] values = new double[4];
        Arrays.fill(values, value);
        return values;
    }

    @Test
    void theEffectiveSampleSizeOfTheKnownWeightsIsReproduced() {
        RolloutCorrection.Corrected found = of(Level.TOKEN, 2, Level.NONE, 0.5, 2);

        assertThat(found.weights() * found.weights() / (4 * found.squares())).isCloseTo(0.81, within(1e-12));
    }

    @Test
    void withoutCorrectionNothingChangesWhateverTheDifference() {
        Random random = new Random(5);
        double[] proximal = random.doubles(20, -900, 0).toArray();
        double[] rollout = random.doubles(20, -900, 0).toArray();

        assertThat(RolloutCorrection.NONE.correct(proximal, rollout).factors()).containsOnly(1);
    }

    /** L = sum w_t sg[min(prox/roll, C)] min(rho A, clip(rho) A) with rho = now/prox. */
    @Test
    void withAClippedSurrogateItIsDecoupledPpo() {
        for (int seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            int n = 1 + random.nextInt(6);
            double[] rollout = random.doubles(n, -4, -0.1).toArray();
            double[] proximal = near(rollout, random);
            double[] now = near(proximal, random);
            double[] advantages = random.doubles(n, -1, 1).toArray();
            double[] weights = random.doubles(n, 0, 1).toArray();
            PolicyGradientLoss loss = new PolicyGradientLoss(
                    new ClippedSurrogate(0.2, 0.3),
                    true,
                    new RolloutCorrection(Level.TOKEN, 1.4, Level.NONE, 0, 2),
                    KlTerm.NONE,
                    0);
            double expected = 0;
            for (int t = 0; t < n; t++) {
                double rho = Math.exp(now[t]) / Math.exp(proximal[t]);
                double w = Math.min(1.4, Math.exp(proximal[t]) / Math.exp(rollout[t]));
                double kept = Math.max(0.8, Math.min(1.3, rho));
                expected -= weights[t] * w * Math.min(rho * advantages[t], kept * advantages[t]);
            }

            PolicyGradientLoss.Cost cost = loss.cost(new PolicyGradientTokens(
                    now, proximal, rollout, new double[0], new double[n], advantages, weights));

            assertThat(cost.pg()).as("seed %d", seed).isCloseTo(expected, within(1e-12));
        }
    }

    private static double[] near(double[] values, Random random) {
        return Arrays.stream(values).map(v -> v + 0.3 * random.nextGaussian()).toArray();
    }

    @Test
    void anUnknownLevelIsNamedWithThoseThatExist() {
        assertThatThrownBy(() -> Level.parse("geometric", "k", Level.NONE, Level.TOKEN))
                .hasMessage("k is 'geometric' but must be one of [none, token]");
    }
}
