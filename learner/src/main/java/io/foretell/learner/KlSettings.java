package io.foretell.learner;

import io.foretell.losses.KlEstimator;
import io.foretell.losses.KlTerm;
import io.foretell.platform.Check;

/**
 * The divergence from the teacher, in the loss and in the reward; keys of section {@code learner}. Immutable.
 *
 * @param useKlLoss whether it is added to the loss
 * @param klLossCoef its coefficient there
 * @param klLossType its estimator there: k1, k2, k3 or abs, with + for the gradient of k2
 * @param useKlInReward whether it is subtracted from the rewards
 * @param klPenalty its estimator there: k1, k2, k3 or abs
 * @param klCtrl its coefficient there
 */
public record KlSettings(
        boolean useKlLoss,
        double klLossCoef,
        String klLossType,
        boolean useKlInReward,
        String klPenalty,
        KlControl.Settings klCtrl) {
    public KlSettings {
        KlTerm.parse(klLossType, klLossCoef);
        KlEstimator.parse("learner.kl_penalty", klPenalty);
        Check.that("learner.kl_loss_coef", klLossCoef, klLossCoef > 0 && Double.isFinite(klLossCoef), "above 0");
    }

    KlTerm inLoss() {
        return useKlLoss ? KlTerm.parse(klLossType, klLossCoef) : KlTerm.NONE;
    }

    KlEstimator inReward() {
        return KlEstimator.parse("learner.kl_penalty", klPenalty);
    }
}
