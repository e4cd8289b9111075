package io.foretell.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.losses.PolicyLosses.ClipRatios;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every loss of the registry against its formula written out slowly, and its derivative against differences of that. */
class PolicyLossTest {
    private static final double LOW = 0.2;
    private static final double HIGH = 0.28;
    private static final double DUAL = 1.5;
    private static final double STEP = 1e-6;

    private static PolicyGradientTokens tokens(Random random, double spread, boolean oneAdvantage) {
        int n = 1 + random.nextInt(6);
        double[] old = random.doubles(n, -4, -0.1).toArray();
        double[] now =
                Arrays.stream(old).map(o -> o + spread * random.nextGaussian()).toArray();
        double shared = random.nextGaussian();
        double[] advantages = random.doubles(n)
                .map(unused -> oneAdvantage ? shared : random.nextGaussian())
                .toArray();
        return new PolicyGradientTokens(
                now,
                old,
                old,
                new double[0],
                new double[n],
                advantages,
                random.doubles(n, 0, 1).toArray());
    }

    /** @param frozen log-probabilities inside of stop-gradients */
    private static double slow(String mode, PolicyGradientTokens tokens, double[] now, double[] frozen) {
        int n = now.length;
        double geometric = 1;
        for (int t = 0; t < n; t++) {
            geometric *= Math.pow(Math.exp(now[t]) / Math.exp(tokens.proximal()[t]), 1.0 / n);
        }
        double sum = 0;
        for (int t = 0; t < n; t++) {
            double a = tokens.advantages()[t];
            double ratio = Math.exp(now[t]) / Math.exp(tokens.proximal()[t]);
            double stopped = Math.exp(frozen[t]) / Math.exp(tokens.proximal()[t]);
            double tau = a > 0 ? 1 : 1.05;
            double loss = switch (mode) {
                case "vanilla" -> clipped(ratio, a);
                case "dual" -> a < 0 ? Math.min(clipped(ratio, a), DUAL * -a) : clipped(ratio, a);
                case "gspo" -> clipped(geometric, a);
                case "cispo" -> -between(stopped) * a * now[t];
                case "sapo" -> -a * 4 / tau * 0.5 * (1 + Math.tanh(tau * (ratio - 1) / 2));
                case "gpg" -> -a * now[t];
                default -> throw new IllegalArgumentException(mode);
            };
            sum += tokens.weights()[t] * loss;
        }
        return sum;
    }

    private static double between(double ratio) {
        return ratio < 1 - LOW ? 1 - LOW : ratio > 1 + HIGH ? 1 + HIGH : ratio;
    }

    private static double clipped(double ratio, double a) {
        return Math.max(-ratio * a, -between(ratio) * a);
    }

    private static PolicyLoss loss(String mode) {
        return mode.equals("dual")
                ? PolicyLosses.create("vanilla", new ClipRatios(LOW, HIGH, DUAL), Map.of())
                : PolicyLosses.create(mode, new ClipRatios(LOW, HIGH), Map.of());
    }

    @ParameterizedTest
    @ValueSource(strings = {"vanilla", "dual", "gspo", "cispo", "sapo", "gpg"})
    void theLossAndItsDerivativeAreThoseOfTheFormula(String mode) {
        PolicyLoss loss = loss(mode);
        int clips = 0;
        for (int seed = 0; seed < 500; seed++) {
            PolicyGradientTokens tokens = tokens(new Random(seed), 0.4, false);
            PolicyLoss.Surrogate found = loss.surrogate(tokens, tokens.weights());
            double[] now = tokens.logProbs();

            assertThat(found.loss()).as("seed %d", seed).isCloseTo(slow(mode, tokens, now, now), within(1e-12));
            for (int t = 0; t < now.length; t++) {
                double[] above = now.clone();
                double[] below = now.clone();
                above[t] += STEP;
                below[t] -= STEP;
                double slope = (slow(mode, tokens, above, now) - slow(mode, tokens, below, now)) / (2 * STEP);
                assertThat(found.derivatives()[t])
                        .as("%s, token %d of seed %d", mode, t, seed)
                        .isCloseTo(slope, within(1e-6));
            }
            clips += found.low() + found.high() + found.dual();
        }
        assertThat(clips > 0).as("something was clipped").isEqualTo(!mode.equals("sapo") && !mode.equals("gpg"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"vanilla", "dual", "gspo", "cispo", "sapo", "gpg"})
    void onTheSamplersOwnWeightsEveryLossHasTheGradientOfReinforce(String mode) {
        for (int seed = 0; seed < 100; seed++) {
            PolicyGradientTokens tokens = tokens(new Random(seed), 0, true);
            double[] weights = new double[tokens.size()];
            Arrays.fill(weights, 0.25);
            double[] expected =
                    Arrays.stream(tokens.advantages()).map(a -> -0.25 * a).toArray();

            PolicyLoss.Surrogate found = loss(mode).surrogate(tokens, weights);

            assertThat(found.derivatives()).as("seed %d", seed).containsExactly(expected, within(1e-12));
            assertThat(found.low() + found.high() + found.dual()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"vanilla", "dual", "gspo", "cispo", "sapo", "gpg"})
    void withoutAdvantageThereIsExactlyNoGradient(String mode) {
        PolicyGradientTokens tokens = tokens(new Random(3), 0.4, false);
        PolicyGradientTokens equal = new PolicyGradientTokens(
                tokens.logProbs(),
                tokens.proximal(),
                tokens.rollout(),
                tokens.reference(),
                tokens.entropies(),
                new double[tokens.size()],
                tokens.weights());

        PolicyGradientLoss.Cost cost = PolicyGradientLoss.of(loss(mode)).cost(equal);

        assertThat(cost.total()).isZero();
        assertThat(cost.byLogProb()).containsOnly(new double[tokens.size()], within(0.0));
    }

    @ParameterizedTest
    @CsvSource({"-3, 1, 0.9, NONE", "-3, 1, 1.3, HIGH", "-3, -1, 1.4, NONE", "-3, -1, 0.7, LOW", "-3, -1, 1.6, DUAL"})
    void clipsAreCountedOnTheSideThatMatters(double old, double advantage, double ratio, Clip clip) {
        assertThat(new ClippedSurrogate(LOW, HIGH, DUAL).clip(old + Math.log(ratio), old, advantage))
                .isEqualTo(clip);
    }

    @Test
    void oneSequenceHasOneRatioWhichIsGeometric() {
        double[] logs = {.02, -.01, .03, 0};
        PolicyGradientTokens tokens = new PolicyGradientTokens(
                logs, new double[4], new double[4], new double[0], new double[4], new double[] {1, 1, 1, 1}, logs);

        PolicyLoss.Surrogate found = new Gspo(0.2, 0.2).surrogate(tokens, new double[] {1, 0, 0, 0});

        assertThat(found.loss()).isCloseTo(-1.0100502, within(5e-8));
    }

    @Test
    void publishedGatesOfSapoAreReproduced() {
        assertThat(Sapo.gate(1.2, 1.0)).isCloseTo(2.199336, within(5e-7));
        assertThat(Sapo.gate(1.2, 1.05)).isCloseTo(2.104030, within(5e-7));
        assertThat(Sapo.gate(1, 1.05)).isCloseTo(2 / 1.05, within(1e-12));
    }

    @Test
    void ratiosBeyondAllBoundsStayNumbersAndHaveNoGradient() {
        for (String mode : new String[] {"vanilla", "dual", "gspo", "sapo"}) {
            PolicyGradientTokens far = new PolicyGradientTokens(
                    new double[] {-1},
                    new double[] {-500},
                    new double[] {-500},
                    new double[0],
                    new double[1],
                    new double[] {-1},
                    new double[] {1});

            PolicyLoss.Surrogate found = loss(mode).surrogate(far, far.weights());

            assertThat(found.loss()).as(mode).isFinite();
            assertThat(found.derivatives()[0]).as(mode).isZero();
        }
    }

    @Test
    void sapoTakesItsTausFromItsOptions() {
        PolicyLoss loss = PolicyLosses.create("sapo", new ClipRatios(LOW, HIGH), Map.of("tau_pos", 2, "tau_neg", 3.0));

        assertThat(loss).isEqualTo(new Sapo(2, 3));
        double rho = 1.5;
        double old = Math.log(0.4);
        double now = old + Math.log(rho);
        assertThat(((TokenLoss) loss).loss(now, old, 1)).isCloseTo(-2 / (1 + Math.exp(-1.0)), within(1e-12));
        assertThat(((TokenLoss) loss).loss(now, old, -1)).isCloseTo(4 / 3.0 / (1 + Math.exp(-1.5)), within(1e-12));
        assertThat(PolicyLosses.create("sapo", new ClipRatios(LOW, HIGH), Map.of()))
                .isEqualTo(new Sapo(1.0, 1.05));
    }

    @Test
    void aWrongOptionOfALossGivesOneSentence() {
        ClipRatios clip = new ClipRatios(LOW, HIGH);
        assertThatThrownBy(() -> PolicyLosses.create("sapo", clip, Map.of("tau_pos", 0)))
                .hasMessage(
                        "learner.loss_options: option 'tau_pos' of loss 'sapo' is 0 but must be a number 0.01 to 100.0");
        assertThatThrownBy(() -> PolicyLosses.create("sapo", clip, Map.of("tau", 1)))
                .hasMessage("learner.loss_options: loss 'sapo' has no option 'tau'; it knows [tau_neg, tau_pos]");
        assertThatThrownBy(() -> PolicyLosses.create("vanilla", clip, Map.of("tau_pos", 1)))
                .hasMessage("learner.loss_options: loss 'vanilla' has no option 'tau_pos'; it knows []");
    }

    @Test
    void anUnknownModeIsNamedWithThoseThatExist() {
        assertThatThrownBy(() -> PolicyLosses.create("ppo", new ClipRatios(0.2, 0.2), Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("learner.loss_mode is 'ppo' but must be one of [cispo, gpg, gspo, sapo, vanilla]");
    }
}
