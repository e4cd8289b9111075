package io.foretell.learner;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.losses.RolloutCorrection;
import io.foretell.platform.Check;
import java.time.Duration;

/**
 * Section {@code learner} of the configuration. Its groups are of the code only: in the file all keys stand side by
 * side. Immutable.
 *
 * @param batch what one step trains on
 * @param rate the learning rate
 * @param optimizer AdamW
 * @param advEstimator one of {@link AdvantageEstimator}
 * @param loss the loss of policy-gradient tokens
 * @param kl the divergence from the teacher
 * @param offPolicy training on groups that older weights sampled
 * @param filterGroups dynamic sampling
 * @param batchGuard which updates are skipped
 * @param spawnedTimeout maximum time that a group waits for the answers to the tasks it spawned
 */
public record LearnerSettings(
        @JsonUnwrapped BatchSettings batch,
        @JsonUnwrapped LearningRateSettings rate,
        @JsonUnwrapped AdamWSettings optimizer,
        String advEstimator,
        @JsonUnwrapped LossSettings loss,
        @JsonUnwrapped KlSettings kl,
        @JsonUnwrapped OffPolicySettings offPolicy,
        FilterGroups filterGroups,
        BatchGuard.Settings batchGuard,
        Duration spawnedTimeout) {
    public LearnerSettings {
        AdvantageEstimator.parse(advEstimator);
        Check.that("learner.spawned_timeout", spawnedTimeout, spawnedTimeout.toMillis() > 0, "above 0");
    }

    /**
     * Dynamic sampling (DAPO, arXiv 2503.14476): groups whose rewards are all equal teach nothing and are replaced by
     * others before they reach a batch.
     */
    public record FilterGroups(boolean enable) {}

    /** What policy-gradient tokens cost. */
    PolicyGradientLoss policyGradientLoss() {
        RolloutCorrectionSettings correction = offPolicy.rolloutCorrection();
        return new PolicyGradientLoss(
                loss.policyLoss(),
                !correction.bypassMode(),
                correction.bypassMode() ? RolloutCorrection.NONE : correction.correction(),
                kl.inLoss(),
                loss.entropyCoeff());
    }
}
