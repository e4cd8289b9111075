package io.foretell.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** KL and entropy terms, and their sum with a loss. */
class PolicyGradientLossTest {
    @ParameterizedTest
    @CsvSource({
        "k1, 0.5, 0.5", "k2, 0.5, 0.125", "k3, 0.5, 0.1065307",
        "kl, -0.5, -0.5", "mse, -0.5, 0.125", "low_var_kl, -0.5, 0.1487213",
        "k3, 0.1, 0.0048374", "k3+, -0.1, 0.0051709", "abs, -0.5, 0.5"
    })
    void knownValuesOfTheEstimatorsAreReproduced(String type, double d, double value) {
        assertThat(KlTerm.parse(type, 1).estimator().value(d)).isCloseTo(value, within(5e-8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"k1", "k2", "k3", "abs", "k1+", "k3+"})
    void derivativesAreDifferencesOfTheValueOrOfK2(String type) {
        KlTerm term = KlTerm.parse(type, 1);
        KlEstimator seen = type.endsWith("+") ? KlEstimator.K2 : term.estimator();
        Random random = new Random(7);
        for (int i = 0; i < 500; i++) {
            double d = 3 * random.nextGaussian();
            double slope = (seen.value(d + 1e-6) - seen.value(d - 1e-6)) / 2e-6;
            assertThat(term.derivative(d)).as("seed 7, d = %s", d).isCloseTo(slope, within(1e-5));
        }
    }

    @Test
    void farFromTheReferenceTheEstimatorsStayNumbers() {
        for (KlEstimator estimator : KlEstimator.values()) {
            for (double d : new double[] {-1000, 1000}) {
                assertThat(estimator.value(d)).isFinite();
                assertThat(estimator.derivative(d)).isZero();
            }
        }
        assertThat(KlEstimator.K3.value(-19)).isEqualTo(10);
    }

    @Test
    void anUnknownEstimatorIsRefusedInASentence() {
        assertThatThrownBy(() -> KlTerm.parse("k4", 1))
                .hasMessageContaining("learner.kl_loss_type is 'k4' but must be");
    }

    private static PolicyGradientTokens tokens(double advantage) {
        return new PolicyGradientTokens(
                new double[] {-1, -2},
                new double[] {-1, -2},
                new double[] {-1, -2},
                new double[] {-1.5, -1.5},
                new double[] {0.3, 0.7},
                new double[] {advantage, advantage},
                new double[] {0.5, 0.25});
    }

    @Test
    void termsAddUpWithTheirCoefficients() {
        PolicyGradientLoss loss =
                new PolicyGradientLoss(new Reinforce(), false, RolloutCorrection.NONE, KlTerm.parse("k2", 0.1), 0.01);

        PolicyGradientLoss.Cost cost = loss.cost(tokens(2));

        assertThat(cost.pg()).isCloseTo(2 * 0.5 * 1 + 2 * 0.25 * 2, within(1e-12));
        assertThat(cost.kl()).isCloseTo(0.5 * 0.125 + 0.25 * 0.125, within(1e-12));
        assertThat(cost.entropy()).isCloseTo(0.5 * 0.3 + 0.25 * 0.7, within(1e-12));
        assertThat(cost.total()).isCloseTo(cost.pg() + 0.1 * cost.kl() - 0.01 * cost.entropy(), within(1e-12));
        assertThat(cost.byLogProb())
                .containsExactly(new double[] {-1 + 0.1 * 0.5 * 0.5, -0.5 - 0.1 * 0.25 * 0.5}, within(1e-12));
        assertThat(cost.byEntropy()).containsExactly(new double[] {-0.005, -0.0025}, within(1e-12));
    }

    /** A mask and the KL term: what the correction takes away still stays near the reference. */
    @Test
    void correctionsDoNotWeighTheOtherTerms() {
        RolloutCorrection nothingCounts =
                new RolloutCorrection(RolloutCorrection.Level.NONE, 2, RolloutCorrection.Level.TOKEN, 1.5, 2);
        PolicyGradientLoss loss =
                new PolicyGradientLoss(new Reinforce(), true, nothingCounts, KlTerm.parse("k2", 1), 0);

        PolicyGradientLoss.Cost cost = loss.cost(tokens(2));

        assertThat(cost.pg()).isZero();
        assertThat(cost.correction().masked()).isEqualTo(2);
        assertThat(cost.kl()).isPositive();
        assertThat(cost.byLogProb()).containsExactly(new double[] {0.25, -0.125}, within(1e-12));
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY})
    void aLossThatIsNoNumberNeverPasses(double advantage) {
        for (String mode : new String[] {"vanilla", "gspo", "cispo", "sapo", "gpg"}) {
            PolicyLoss loss = PolicyLosses.create(mode, new PolicyLosses.ClipRatios(0.2, 0.2, 3), Map.of());

            assertThat(PolicyGradientLoss.of(loss).cost(tokens(advantage)).byLogProb())
                    .as(mode)
                    .containsOnly(Double.NaN);
        }
    }
}
