package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.objectives.AdvantageEstimator;
import io.foretell.objectives.Cut;
import io.foretell.objectives.Document;
import io.foretell.objectives.Experience;
import io.foretell.objectives.Objective;
import io.foretell.objectives.Reward;
import io.foretell.objectives.RolloutGroup;
import io.foretell.objectives.SamplingPlan;
import io.foretell.objectives.ScoredGroup;
import io.foretell.objectives.Scorer;
import io.foretell.objectives.Task;
import io.foretell.objectives.TokenArray;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class AdmissionTest {
    /** Samples dynamically from a step on; otherwise of no use. */
    private record Picky(long from) implements Objective {
        @Override
        public boolean replacesEqualRewards(long step) {
            return step >= from;
        }

        @Override
        public String name() {
            return "picky";
        }

        @Override
        public List<Cut> cut(Document document, TokenArray tokens, RandomGenerator random) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Optional<SamplingPlan> sampling(Task task) {
            throw new UnsupportedOperationException();
        }

        @Override
        public CompletionStage<List<Reward>> reward(RolloutGroup group, Scorer scorer) {
            throw new UnsupportedOperationException();
        }

        @Override
        public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
            throw new UnsupportedOperationException();
        }
    }

    private static ScoredGroup group(Reward... rewards) {
        return Groups.rewarded("g", 0, 0, rewards);
    }

    private static Reward reward(double total) {
        return Reward.of(total, Map.of());
    }

    @Test
    void equalRewardsAreNotWantedFromTheStepOnThatTheObjectiveSays() {
        ScoredGroup allRight = group(reward(1), reward(1), reward(1));
        ScoredGroup mixed = group(reward(1), reward(0), reward(1));

        assertThat(Admission.refusal(List.of(allRight), new Picky(10), 9, false))
                .isEmpty();
        assertThat(Admission.refusal(List.of(allRight), new Picky(10), 10, false))
                .isEqualTo("all rewards are equal");
        assertThat(Admission.refusal(List.of(mixed), new Picky(10), 10, false)).isEmpty();
    }

    @Test
    void rewardsThatCouldNotBeHadMakeNoDifference() {
        ScoredGroup group = group(reward(1), Reward.failed("lost"), reward(1));

        assertThat(Admission.refusal(List.of(group), new Picky(0), 1, false)).isEqualTo("all rewards are equal");
        assertThat(Admission.refusal(List.of(group(reward(1), Reward.failed("lost"))), new Picky(0), 1, false))
                .isEqualTo("no reward: lost");
    }

    @Test
    void groupsInWhichNothingWasSampledAreAlwaysWanted() {
        assertThat(Admission.refusal(List.of(Groups.plain("g", 0)), new Picky(0), 1, false))
                .isEmpty();
    }
}
