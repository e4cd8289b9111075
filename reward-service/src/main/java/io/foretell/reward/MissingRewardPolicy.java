package io.foretell.reward;

import io.foretell.domain.Reward;
import java.util.List;
import java.util.Optional;

/**
 * Decides when a group has too few rewards.
 *
 * @param maxAttempts deliveries of such a group before it is dead-lettered
 * @param minOkFraction minimum share of available rewards
 */
public record MissingRewardPolicy(int maxAttempts, double minOkFraction) {
    private static final int MOST_DELIVERIES = 4; // the queue itself gives up at the fifth

    public MissingRewardPolicy {
        if (maxAttempts < 1 || maxAttempts > MOST_DELIVERIES || !(minOkFraction >= 0 && minOkFraction <= 1)) {
            throw new IllegalArgumentException("reward.max_attempts must be 1 to " + MOST_DELIVERIES
                    + " and reward.min_ok_fraction 0 to 1, but they are " + maxAttempts + " and " + minOkFraction);
        }
    }

    /** The shortfall as a sentence with the first reason; empty if there are enough rewards. */
    Optional<String> shortfall(List<Reward> rewards) {
        List<Reward> missing = rewards.stream().filter(reward -> !reward.isOk()).toList();
        int had = rewards.size() - missing.size();
        if (missing.isEmpty() || had >= minOkFraction * rewards.size()) {
            return Optional.empty();
        }
        Reward first = missing.get(0);
        return Optional.of("only " + had + " of " + rewards.size() + " rewards could be had: "
                + (first.reason().isBlank() ? first.status().name() : first.reason()));
    }
}
