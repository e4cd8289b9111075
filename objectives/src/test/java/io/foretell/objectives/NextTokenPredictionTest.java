package io.foretell.objectives;

import static io.foretell.objectives.Fixtures.OPEN;
import static io.foretell.objectives.Fixtures.counting;
import static io.foretell.objectives.Fixtures.document;
import static io.foretell.objectives.Fixtures.group;
import static io.foretell.objectives.Fixtures.settings;
import static io.foretell.objectives.Fixtures.task;
import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class NextTokenPredictionTest {
    private static final SplittableRandom RANDOM = new SplittableRandom(1);

    private static Experience experience(NextTokenPrediction objective, TokenArray text) {
        ScoredGroup group = new ScoredGroup(group(task(TokenArray.EMPTY, text)), List.of(), -1, 0, Instant.EPOCH);
        List<Experience> experiences = objective.experiences(group, AdvantageEstimator.RLOO);
        assertThat(experiences).hasSize(1);
        return experiences.get(0);
    }

    @Test
    void everyTokenButTheFirstIsPredictedExactlyOnce() {
        for (int maxPrompt = 1; maxPrompt <= 9; maxPrompt++) {
            NextTokenPrediction objective = new NextTokenPrediction(settings(maxPrompt, Map.of()));
            for (int length = 0; length <= 40; length++) {
                List<Integer> predicted = new ArrayList<>();
                for (Example cut : objective.examples(document(""), counting(length), RANDOM)) {
                    assertThat(cut.prompt().isEmpty()).isTrue();
                    assertThat(cut.target().length()).isBetween(2, maxPrompt + 1);
                    Experience experience = experience(objective, cut.target());
                    for (int t = 0; t < experience.tokens().length(); t++) {
                        if (experience.ceWeights().at(t) == 1) {
                            predicted.add(experience.tokens().at(t));
                        }
                    }
                }
                List<Integer> wanted = new ArrayList<>();
                for (int token = 1; token < length; token++) {
                    wanted.add(token);
                }

                assertThat(predicted)
                        .as("%d tokens in chunks of %d", length, maxPrompt + 1)
                        .isEqualTo(wanted);
            }
        }
    }

    @Test
    void nothingIsTrainedByPolicyGradient() {
        Experience experience = experience(new NextTokenPrediction(settings(8, Map.of())), TokenArray.of(5, 6, 7));

        assertThat(experience.lossMask()).isEqualTo(FloatArray.zeros(3));
        assertThat(experience.ceWeights()).isEqualTo(FloatArray.of(0, 1, 1));
        assertThat(experience.forbiddenFirst()).isEqualTo(-1);
    }

    @Test
    void insertedTokensAreContextAndNotTargets() {
        NextTokenPrediction objective = new NextTokenPrediction(settings(8, Map.of("inserted", List.of("<think>"))));

        assertThat(experience(objective, TokenArray.of(5, OPEN, 6, OPEN)).ceWeights())
                .isEqualTo(FloatArray.of(0, 0, 1, 0));
    }

    @Test
    void nothingIsSampledNorRewarded() {
        NextTokenPrediction objective = new NextTokenPrediction(settings(8, Map.of()));
        Task task = task(TokenArray.EMPTY, counting(3));

        assertThat(objective.isSampled()).isFalse();
        assertThat(Fixtures.sampling(objective, task)).isEmpty();
        assertThat(Fixtures.reward(objective, group(task), null)).isEmpty();
    }
}
