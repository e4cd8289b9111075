package io.foretell.objectives;

import static io.foretell.objectives.Fixtures.document;
import static io.foretell.objectives.Fixtures.group;
import static io.foretell.objectives.Fixtures.settings;
import static io.foretell.objectives.Fixtures.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TextLoss;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AdvantageWeightedTest {
    private static AdvantageWeighted awr(Map<String, Object> options) {
        Map<String, Object> all = new HashMap<>(Map.of("banned", List.of("#"), "good", "<think>", "bad", "</think>"));
        all.putAll(options);
        return new AdvantageWeighted(settings(64, all));
    }

    private static Experience experience(AdvantageWeighted objective, String text) {
        TokenArray tokens = Fixtures.Numbers.TAGGED.encode(text);
        ScoredGroup group = new ScoredGroup(group(task(TokenArray.EMPTY, tokens)), List.of(), -1, 0, Instant.EPOCH);
        return objective.experiences(group, AdvantageEstimator.RLOO).get(0);
    }

    /** By the paper's words; the difference of the two tokens' log-probabilities is what the value's head says. */
    private static double loss(double alpha, double beta, double reward, double logProb, double head, double heldHead) {
        double value = -1 / (1 + Math.exp(-head));
        double held = -1 / (1 + Math.exp(-heldHead));
        double weight = Math.max(0, Math.min(1000, Math.exp((reward - held) / beta)));
        return alpha * weight * -logProb + (1 - alpha) * Math.pow(reward - value, 2);
    }

    @Test
    void anUndecidedHeadGivesTheWeightsOfRewardWeightedRegression() {
        TextLoss loss =
                experience(awr(Map.of("alpha", 1, "beta", 0.5)), "a\nb#\nc").textLoss();

        assertThat(loss.auxiliaryTokens()).containsExactly(Fixtures.OPEN, Fixtures.CLOSE);
        assertThat(loss.cost(1, -2, -9, -9).value()).isCloseTo(2 * Math.exp(1), within(1e-12));
        assertThat(loss.cost(2, -2, -9, -9).value()).isCloseTo(2 * Math.exp(-1), within(1e-12));
        // the vector of V = -0.5 and R = -1, and that of a weight of 1000 at most
        assertThat(loss.cost(2, -2, -9, -9).byLogProb())
                .containsExactly(new double[] {-Math.exp(-1), 0, 0}, within(1e-12));
        assertThat(experience(awr(Map.of("alpha", 1, "beta", 0.01)), "a\nb")
                        .textLoss()
                        .cost(1, -2, -9, -9)
                        .value())
                .isEqualTo(2000);
    }

    @Test
    void bothTermsAndTheirDerivativesAreThoseOfThePaper() {
        long seed = 191000177;
        Random random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            double alpha = random.nextDouble();
            double beta = 0.2 + random.nextDouble();
            TextLoss loss = experience(awr(Map.of("alpha", alpha, "beta", beta)), "a\nb#\nc")
                    .textLoss();
            int t = 1 + random.nextInt(5);
            double reward = t >= 2 && t <= 4 ? -1 : 0;
            double logProb = -5 * random.nextDouble();
            double good = -8 + random.nextGaussian();
            double bad = -8 + random.nextGaussian();
            TextLoss.Cost cost = loss.cost(t, logProb, good, bad);
            double held = bad - good;
            double step = 1e-6;
            double byHead = (loss(alpha, beta, reward, logProb, held + step, held)
                            - loss(alpha, beta, reward, logProb, held - step, held))
                    / (2 * step);
            double byLogProb = (loss(alpha, beta, reward, logProb + step, held, held)
                            - loss(alpha, beta, reward, logProb - step, held, held))
                    / (2 * step);

            assertThat(cost.value())
                    .as("seed %d", seed)
                    .isCloseTo(loss(alpha, beta, reward, logProb, held, held), within(1e-9));
            assertThat(cost.byLogProb())
                    .as("seed %d", seed)
                    .containsExactly(new double[] {byLogProb, -byHead, byHead}, within(1e-6));
        }
    }

    @Test
    void documentsAreCutAsForNextTokenPrediction() {
        TokenArray text = Fixtures.counting(150);
        SplittableRandom random = new SplittableRandom(1);

        assertThat(awr(Map.of()).examples(document(""), text, random))
                .isEqualTo(new NextTokenPrediction(settings(64, Map.of())).examples(document(""), text, random));
        assertThat(experience(awr(Map.of()), "abc").ceWeights()).isEqualTo(FloatArray.of(0, 1, 1));
        assertThat(awr(Map.of()).name()).isEqualTo("phf-awr");
        assertThatThrownBy(() -> awr(Map.of("bad", "<think>"))).hasMessageContaining("must be two tokens");
        assertThatThrownBy(() -> awr(Map.of("alpha", 2))).hasMessageContaining("'alpha'");
    }
}
