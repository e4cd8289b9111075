package io.foretell.learner;

import io.foretell.domain.Experience;
import io.foretell.domain.Options;
import io.foretell.losses.LossAggregation;
import io.foretell.losses.PolicyLoss;
import io.foretell.losses.PolicyLosses;
import io.foretell.losses.PolicyLosses.ClipRatios;
import io.foretell.platform.Check;
import io.foretell.platform.NearestKey;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The loss of policy-gradient tokens; keys of section {@code learner}. Immutable.
 *
 * @param lossMode vanilla (clipped surrogate), gspo, cispo, sapo or gpg: {@link PolicyLosses}
 * @param lossOptions keys of this loss only, such as {@code tau_pos} of sapo
 * @param clipRatioLow the probability ratio is kept above 1 - this
 * @param clipRatioHigh and below 1 + this
 * @param clipRatioC dual clip of vanilla: where A &lt; 0 the loss is at most -c A; null for none
 * @param lossAggMode one of {@link LossAggregation}
 * @param lossScaleFactor constant that seq-mean-token-sum-norm divides by, such as rollout.max_response_length
 * @param entropyCoeff the mean entropy times this is subtracted from the loss
 */
public record LossSettings(
        String lossMode,
        Map<String, Object> lossOptions,
        double clipRatioLow,
        double clipRatioHigh,
        @Nullable Double clipRatioC,
        String lossAggMode,
        @Nullable Double lossScaleFactor,
        double entropyCoeff) {
    public LossSettings {
        Check.that("learner.clip_ratio_low", clipRatioLow, clipRatioLow > 0 && clipRatioLow <= 1, "above 0 to 1");
        Check.that("learner.clip_ratio_high", clipRatioHigh, clipRatioHigh > 0, "above 0");
        Check.that("learner.clip_ratio_c", clipRatioC, clipRatioC == null || clipRatioC > 1, "above 1, or null");
        lossOptions.forEach((key, value) -> Check.that("learner.loss_options." + key, value, value != null, "a value"));
        lossOptions = Map.copyOf(lossOptions);
        create(lossMode, new ClipRatios(clipRatioLow, clipRatioHigh), lossOptions);
        Check.that(
                "learner.loss_mode",
                lossMode,
                clipRatioC == null || lossMode.equals("vanilla"),
                "vanilla where learner.clip_ratio_c is set");
        LossAggregation aggregation = LossAggregation.parse(lossAggMode);
        Check.that(
                "learner.loss_agg_mode",
                lossAggMode,
                !lossMode.equals("gspo") || aggregation == LossAggregation.SEQ_MEAN_TOKEN_MEAN,
                "seq-mean-token-mean where learner.loss_mode is gspo, whose loss is one number per sequence");
        boolean divides = aggregation == LossAggregation.SEQ_MEAN_TOKEN_SUM_NORM;
        Check.that(
                "learner.loss_scale_factor",
                lossScaleFactor,
                lossScaleFactor == null ? !divides : lossScaleFactor > 0,
                "above 0, or null where learner.loss_agg_mode is not seq-mean-token-sum-norm");
        boolean isBonus = entropyCoeff >= 0 && Double.isFinite(entropyCoeff);
        Check.that("learner.entropy_coeff", entropyCoeff, isBonus, "0 or more");
    }

    PolicyLoss policyLoss() {
        double dual = clipRatioC == null ? Double.POSITIVE_INFINITY : clipRatioC;
        return create(lossMode, new ClipRatios(clipRatioLow, clipRatioHigh, dual), lossOptions);
    }

    private static PolicyLoss create(String mode, ClipRatios clip, Map<String, Object> options) {
        try {
            return PolicyLosses.create(mode, clip, options);
        } catch (Options.UnknownOption e) {
            throw new IllegalArgumentException(NearestKey.suggest(e.getMessage(), e.key(), e.known()), e);
        }
    }

    /** The weight of every policy-gradient token of a step. */
    List<float[]> weights(List<Experience> step) {
        return LossAggregation.parse(lossAggMode).weights(step, lossScaleFactor == null ? 1 : lossScaleFactor);
    }
}
