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
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class UnlikelihoodTest {
    private static Objective unlikelihood(Map<String, Object> options) {
        Map<String, Object> all = new HashMap<>(options);
        all.put("banned", List.of("#"));
        return Objectives.builtIn().create("phf-unlikelihood", settings(64, all));
    }

    private static Experience experience(Objective objective, String text) {
        TokenArray tokens = Fixtures.Numbers.TAGGED.encode(text);
        ScoredGroup group = new ScoredGroup(group(task(TokenArray.EMPTY, tokens)), List.of(), -1, 0, Instant.EPOCH);
        List<Experience> experiences = objective.experiences(group, AdvantageEstimator.RLOO);
        assertThat(experiences).hasSize(1);
        return experiences.get(0);
    }

    @Test
    void goodTokensAreMadeLikelyAndBadOnesUnlikely() {
        Experience experience = experience(unlikelihood(Map.of("alpha", 0.25)), "a\nb#\nc");

        assertThat(experience.ceWeights()).isEqualTo(FloatArray.of(0, 1, 1, 1, 1, 1));
        double logProb = Math.log(0.8);
        for (int t : new int[] {1, 5}) {
            assertThat(experience.textLoss().cost(t, logProb).value()).isCloseTo(-Math.log(0.8), within(1e-12));
            assertThat(experience.textLoss().cost(t, logProb).byLogProb()).containsExactly(-1);
        }
        for (int t : new int[] {2, 3, 4}) {
            assertThat(experience.textLoss().cost(t, logProb).value()).isCloseTo(-0.25 * Math.log(0.2), within(1e-12));
            // alpha p / (1 - p)
            assertThat(experience.textLoss().cost(t, logProb).byLogProb())
                    .containsExactly(new double[] {1}, within(1e-12));
        }
    }

    @Test
    void derivativesAreFiniteDifferences() {
        TextLoss loss = experience(unlikelihood(Map.of("alpha", 0.7)), "b#\nc").textLoss();
        for (double logProb : new double[] {-20, -3, -0.5, -1e-3}) {
            for (int t : new int[] {1, 3}) {
                double step = -logProb * 1e-6;
                double difference = loss.cost(t, logProb + step).value()
                        - loss.cost(t, logProb - step).value();
                assertThat(loss.cost(t, logProb).byLogProb()[0])
                        .as("token %d, log-probability %f", t, logProb)
                        .isCloseTo(difference / (2 * step), within(1e-5 * Math.max(1, Math.abs(1 / logProb))));
            }
        }
    }

    @Test
    void aBadTokenThatIsCertainCostsAFiniteAmountAndPullsNothing() {
        TextLoss.Cost cost =
                experience(unlikelihood(Map.of()), "b#\nc").textLoss().cost(1, 0.0);

        assertThat(cost.value()).isCloseTo(-Math.log(1e-20), within(1e-9));
        assertThat(cost.byLogProb()).containsExactly(0);
    }

    @Test
    void withAThresholdOfOneEverythingIsGood() {
        Experience experience = experience(unlikelihood(Map.of("threshold", 1)), "b#\nc");

        assertThat(experience.textLoss().cost(1, -0.5).value()).isEqualTo(0.5);
        assertThat(experience.textLoss().cost(1, -0.5).byLogProb()).containsExactly(-1);
    }

    @Test
    void documentsAreCutAsForNextTokenPrediction() {
        TokenArray text = Fixtures.counting(150);
        SplittableRandom random = new SplittableRandom(1);

        assertThat(unlikelihood(Map.of()).examples(document(""), text, random))
                .isEqualTo(new NextTokenPrediction(settings(64, Map.of())).examples(document(""), text, random));
        assertThat(unlikelihood(Map.of()).isSampled()).isFalse();
        assertThatThrownBy(() -> unlikelihood(Map.of("beta", 1))).hasMessageContaining("no option 'beta'");
        assertThatThrownBy(() -> unlikelihood(Map.of("alpha", -1))).hasMessageContaining("'alpha'");
    }
}
