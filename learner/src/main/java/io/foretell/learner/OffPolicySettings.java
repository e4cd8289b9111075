package io.foretell.learner;

import io.foretell.platform.Check;
import java.util.List;

/**
 * Training on groups that older weights sampled; keys of section {@code learner}. Immutable.
 *
 * @param maxOffPolicySteps oldest policy version a group may come from, in steps behind
 * @param stale what happens to older groups: drop or down_weight
 * @param staleDecay factor on the policy-gradient weight of a group per step beyond, where {@code stale} is down_weight
 * @param rolloutCorrection correction of the difference between sampler and learner
 */
public record OffPolicySettings(
        int maxOffPolicySteps, String stale, double staleDecay, RolloutCorrectionSettings rolloutCorrection) {
    private static final String DOWN_WEIGHT = "down_weight";
    private static final List<String> STALE = List.of("drop", DOWN_WEIGHT);

    public OffPolicySettings {
        Check.that("learner.max_off_policy_steps", maxOffPolicySteps, maxOffPolicySteps >= 0, "0 or more");
        Check.that("learner.stale", stale, STALE.contains(stale), "one of " + STALE);
        Check.that("learner.stale_decay", staleDecay, staleDecay > 0 && staleDecay < 1, "above 0 and below 1");
    }

    boolean isDownWeighted() {
        return stale.equals(DOWN_WEIGHT);
    }

    /** Factor on the policy-gradient weight of a group whose oldest token is so many versions behind. */
    double weight(long behind) {
        long beyond = behind - maxOffPolicySteps;
        return isDownWeighted() && beyond > 0 ? Math.pow(staleDecay, beyond) : 1;
    }
}
