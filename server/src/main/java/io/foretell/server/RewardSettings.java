package io.foretell.server;

import io.foretell.judge.JudgeSettings;
import io.foretell.learner.OverlongShaping;
import io.foretell.platform.Check;
import io.foretell.reward.JudgeRouter;
import io.foretell.reward.MissingRewardPolicy;
import io.foretell.reward.RewardPart;
import io.foretell.reward.Rewards;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code reward} of the configuration: rewards beyond what the method computes. Immutable.
 *
 * @param shuffle whether rewards are permuted: the control that must not learn
 * @param overlongBuffer penalty for long responses
 * @param maxAttempts deliveries of a group with too few rewards before it is dead-lettered
 * @param minOkFraction share of a group's rewards that must be present
 * @param rewards by name, the parts that are summed
 * @param additional one of {@code rewards}, added to the reward of the method; null for none
 * @param judgeOverrides maps the role of a judge to the name of the reward that replaces it
 * @param judge the judge
 */
record RewardSettings(
        boolean shuffle,
        Overlong overlongBuffer,
        int maxAttempts,
        double minOkFraction,
        Map<String, List<RewardPart>> rewards,
        @Nullable String additional,
        Map<String, String> judgeOverrides,
        JudgeSettings judge) {
    RewardSettings {
        rewards = Map.copyOf(rewards);
        new MissingRewardPolicy(maxAttempts, minOkFraction);
        judgeOverrides = Map.copyOf(judgeOverrides);
        new JudgeRouter(null, judgeOverrides, new Rewards(rewards, null));
        boolean isKnown = additional == null || rewards.containsKey(additional);
        Check.that("reward.additional", additional, isKnown, "one of reward.rewards, which has " + rewards.keySet());
    }

    MissingRewardPolicy patience() {
        return new MissingRewardPolicy(maxAttempts, minOkFraction);
    }

    /**
     * Section {@code reward.overlong_buffer}: a penalty for long responses.
     *
     * @param enable whether there is one
     * @param len tokens before the limit over which the penalty grows
     * @param penaltyFactor penalty at the limit
     */
    record Overlong(boolean enable, int len, double penaltyFactor) {
        Overlong {
            Check.that("reward.overlong_buffer.len", len, len >= 1, "at least 1");
            Check.that("reward.overlong_buffer.penalty_factor", penaltyFactor, penaltyFactor > 0, "above 0");
        }

        @Nullable
        OverlongShaping shaping(int maxResponseLength) {
            return enable ? new OverlongShaping(maxResponseLength, len, penaltyFactor) : null;
        }
    }
}
