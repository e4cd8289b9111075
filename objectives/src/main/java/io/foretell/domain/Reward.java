package io.foretell.domain;

import java.util.Map;

/**
 * The reward of one rollout.
 *
 * @param total the reward used for the advantage; meaningless unless {@code status} is OK
 * @param components the parts of the reward, by name, each in its own unit
 * @param status whether a reward is available
 * @param reason one sentence if it is missing; empty otherwise
 */
public record Reward(double total, Map<String, Double> components, RewardStatus status, String reason) {
    public Reward {
        components = Map.copyOf(components);
        if (status == RewardStatus.OK && !Double.isFinite(total)) {
            throw new IllegalArgumentException("a reward that is ok must be finite but is " + total);
        }
    }

    public static Reward of(double total, Map<String, Double> components) {
        return new Reward(total, components, RewardStatus.OK, "");
    }

    public static Reward failed(String reason) {
        return new Reward(0, Map.of(), RewardStatus.FAILED, reason);
    }

    public boolean isOk() {
        return status == RewardStatus.OK;
    }
}
