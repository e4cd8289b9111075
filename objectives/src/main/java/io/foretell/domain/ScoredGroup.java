package io.foretell.domain;

import java.time.Instant;
import java.util.List;

/**
 * A group with its rewards.
 *
 * @param group the rollouts
 * @param rewards one per rollout, in the same order
 * @param scorerVersion the policy version that scored it
 * @param scoringSeconds this group's share of the batch's scoring and judging time, wall seconds
 * @param scoredAt when scoring finished
 * @param children ids of the groups that answer its subtasks, in the order of {@code Objective#subtasks}; they are
 *     trained on together with it
 */
public record ScoredGroup(
        RolloutGroup group,
        List<Reward> rewards,
        long scorerVersion,
        double scoringSeconds,
        Instant scoredAt,
        List<String> children) {
    public ScoredGroup {
        rewards = List.copyOf(rewards);
        children = List.copyOf(children);
        if (rewards.size() != group.rollouts().size()) {
            throw new IllegalArgumentException("group " + group.id() + " has "
                    + group.rollouts().size() + " rollouts but " + rewards.size() + " rewards");
        }
    }

    /** A group without subtasks. */
    public ScoredGroup(
            RolloutGroup group, List<Reward> rewards, long scorerVersion, double scoringSeconds, Instant scoredAt) {
        this(group, rewards, scorerVersion, scoringSeconds, scoredAt, List.of());
    }

    public String id() {
        return group.id();
    }

    public Task task() {
        return group.task();
    }

    public ScoredGroup withRewards(List<Reward> replaced) {
        return new ScoredGroup(group, replaced, scorerVersion, scoringSeconds, scoredAt, children);
    }

    public ScoredGroup withChildren(List<String> spawned) {
        return new ScoredGroup(group, rewards, scorerVersion, scoringSeconds, scoredAt, spawned);
    }

    /** The same rewards for a modified group. */
    public ScoredGroup withGroup(RolloutGroup replaced) {
        return new ScoredGroup(replaced, rewards, scorerVersion, scoringSeconds, scoredAt, children);
    }
}
