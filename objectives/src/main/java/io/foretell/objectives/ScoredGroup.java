package io.foretell.objectives;

import java.time.Instant;
import java.util.List;

/**
 * A group with its rewards.
 *
 * @param group the rollouts
 * @param rewards one per rollout, in the same order
 * @param scorerVersion the policy version that scored it
 * @param scoringSeconds wall seconds of scoring that this group cost (its share of the batch)
 * @param scoredAt when scoring finished
 */
public record ScoredGroup(
        RolloutGroup group, List<Reward> rewards, long scorerVersion, double scoringSeconds, Instant scoredAt) {
    public ScoredGroup {
        rewards = List.copyOf(rewards);
        if (rewards.size() != group.rollouts().size()) {
            throw new IllegalArgumentException("group " + group.id() + " has "
                    + group.rollouts().size() + " rollouts but " + rewards.size() + " rewards");
        }
    }

    public String id() {
        return group.id();
    }

    public Task task() {
        return group.task();
    }

    public ScoredGroup withRewards(List<Reward> replaced) {
        return new ScoredGroup(group, replaced, scorerVersion, scoringSeconds, scoredAt);
    }
}
