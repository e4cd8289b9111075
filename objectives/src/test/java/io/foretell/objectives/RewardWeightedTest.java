package io.foretell.objectives;

import static io.foretell.objectives.Fixtures.group;
import static io.foretell.objectives.Fixtures.settings;
import static io.foretell.objectives.Fixtures.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.losses.LossAggregation;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RewardWeightedTest {
    private static RewardWeighted rwr(double beta) {
        return new RewardWeighted(settings(64, Map.of("banned", List.of("#"), "beta", beta)));
    }

    @Test
    void weightsAreThoseOfTheVectors() {
        assertThat(RewardWeighted.weight(-0.8 + 0.5, 0.1)).isCloseTo(0.0497871, within(1e-7));
        assertThat(RewardWeighted.weight(-0.05 + 0.5, 0.1)).isCloseTo(90.01713, within(1e-5));
        assertThat(RewardWeighted.weight(-0.8 + 0.5, 10)).isCloseTo(0.970446, within(1e-6));
        assertThat(RewardWeighted.weight(-0.05 + 0.5, 10)).isCloseTo(1.046028, within(1e-6));
        assertThat(RewardWeighted.weight(0.5, 0.01)).isEqualTo(1000);
    }

    @Test
    void everyTokenHasTheWeightOfItsSegment() {
        TokenArray text = Fixtures.Numbers.TAGGED.encode("a\nb#\nc");
        ScoredGroup group = new ScoredGroup(group(task(TokenArray.EMPTY, text)), List.of(), -1, 0, Instant.EPOCH);

        Experience experience =
                rwr(0.5).experiences(group, AdvantageEstimator.RLOO).get(0);

        float good = (float) Math.exp(1);
        float bad = (float) Math.exp(-1);
        assertThat(experience.tokens()).isEqualTo(text);
        assertThat(experience.ceWeights()).isEqualTo(FloatArray.of(0, good, bad, bad, bad, good));
        assertThat(experience.lossMask()).isEqualTo(FloatArray.zeros(6));
    }

    /** L = (1/N) sum_t w_t (-l_t), term by term over two documents of one step. */
    @Test
    void theLossOfAStepIsTheSumOverItsTokens() {
        List<TokenArray> texts =
                List.of(Fixtures.Numbers.TAGGED.encode("a\nb#\nc"), Fixtures.Numbers.TAGGED.encode("#d\ne"));
        List<Experience> step = texts.stream()
                .flatMap(text -> rwr(0.5)
                        .experiences(
                                new ScoredGroup(group(task(TokenArray.EMPTY, text)), List.of(), -1, 0, Instant.EPOCH),
                                AdvantageEstimator.RLOO)
                        .stream())
                .toList();
        List<float[]> weights = LossAggregation.nextTokenWeights(step);
        double loss = 0;
        double expected = 0;
        int n = 0;
        for (int i = 0; i < texts.size(); i++) {
            String text = i == 0 ? "a\nb#\nc" : "#d\ne";
            for (int t = 1; t < text.length(); t++) {
                double logProb = -0.1 * t - i;
                loss -= weights.get(i)[t] * logProb;
                int line = text.lastIndexOf('\n', t - 1) + 1;
                int end = text.indexOf('\n', t) < 0 ? text.length() : text.indexOf('\n', t);
                double reward = text.substring(line, end).contains("#") ? -1 : 0;
                expected -= Math.exp((reward + 0.5) / 0.5) * logProb;
                n++;
            }
        }

        assertThat(loss).isCloseTo(expected / n, within(1e-6));
    }
}
