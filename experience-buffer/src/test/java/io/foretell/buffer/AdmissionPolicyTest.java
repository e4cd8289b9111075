package io.foretell.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.domain.Reward;
import io.foretell.domain.ScoredGroup;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AdmissionPolicyTest {
    /** Samples dynamically from a step on; otherwise of no use. */
    private record Picky(long from) implements UnusedObjective {
        @Override
        public boolean replacesEqualRewards(long step) {
            return step >= from;
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

        assertThat(AdmissionPolicy.refusal(List.of(allRight), new Picky(10), 9, false))
                .isEmpty();
        assertThat(AdmissionPolicy.refusal(List.of(allRight), new Picky(10), 10, false))
                .isEqualTo("all rewards are equal");
        assertThat(AdmissionPolicy.refusal(List.of(mixed), new Picky(10), 10, false))
                .isEmpty();
    }

    @Test
    void rewardsThatCouldNotBeHadMakeNoDifference() {
        ScoredGroup group = group(reward(1), Reward.failed("lost"), reward(1));

        assertThat(AdmissionPolicy.refusal(List.of(group), new Picky(0), 1, false))
                .isEqualTo("all rewards are equal");
        assertThat(AdmissionPolicy.refusal(List.of(group(reward(1), Reward.failed("lost"))), new Picky(0), 1, false))
                .isEqualTo("no reward: lost");
    }

    @Test
    void groupsInWhichNothingWasSampledAreAlwaysWanted() {
        assertThat(AdmissionPolicy.refusal(List.of(Groups.plain("g", 0)), new Picky(0), 1, false))
                .isEmpty();
    }
}
