package io.foretell.learner;

import io.foretell.losses.RolloutCorrection;
import io.foretell.losses.RolloutCorrection.Level;
import io.foretell.platform.Check;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code learner.rollout_correction} of the configuration.
 *
 * @param bypassMode whether the ratio that is clipped is to the sampler's log-probabilities; else it is to those of the
 *     weights at the start of the update, and what lies between sampler and those can be corrected
 * @param rolloutIs none, token or sequence
 * @param rolloutIsThreshold weights are at most this
 * @param rolloutRs none, token, sequence or geometric
 * @param rolloutRsThreshold ratios above this are masked
 * @param rolloutRsThresholdLower and below this; null for 1 / {@code rolloutRsThreshold}
 */
public record RolloutCorrectionSettings(
        boolean bypassMode,
        String rolloutIs,
        double rolloutIsThreshold,
        String rolloutRs,
        double rolloutRsThreshold,
        @Nullable Double rolloutRsThresholdLower) {
    private static final String SECTION = "learner.rollout_correction.";

    public RolloutCorrectionSettings {
        boolean corrects = weight(rolloutIs) != Level.NONE || mask(rolloutRs) != Level.NONE;
        if (bypassMode && corrects) {
            throw new IllegalArgumentException(SECTION + "rollout_is and rollout_rs correct the difference between"
                    + " sampler and learner, which bypass_mode leaves in the clipped ratio: set " + SECTION
                    + "bypass_mode to false");
        }
        Check.that(SECTION + "rollout_is_threshold", rolloutIsThreshold, rolloutIsThreshold > 0, "above 0");
        double lower = rolloutRsThresholdLower == null ? 1 / rolloutRsThreshold : rolloutRsThresholdLower;
        Check.that(
                SECTION + "rollout_rs_threshold",
                rolloutRsThreshold,
                rolloutRsThreshold > 0 && lower >= 0 && lower < rolloutRsThreshold,
                "above 0 and above rollout_rs_threshold_lower, which is " + lower);
    }

    RolloutCorrection correction() {
        double lower = rolloutRsThresholdLower == null ? 1 / rolloutRsThreshold : rolloutRsThresholdLower;
        return new RolloutCorrection(weight(rolloutIs), rolloutIsThreshold, mask(rolloutRs), lower, rolloutRsThreshold);
    }

    private static Level weight(String name) {
        return Level.parse(name, SECTION + "rollout_is", Level.NONE, Level.TOKEN, Level.SEQUENCE);
    }

    private static Level mask(String name) {
        return Level.parse(name, SECTION + "rollout_rs", Level.values());
    }
}
