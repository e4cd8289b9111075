package io.foretell.learner;

import io.foretell.domain.Experience;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.losses.KlEstimator;
import io.foretell.losses.KlTerm;
import io.foretell.losses.LossAggregation;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.losses.PolicyLosses;
import io.foretell.losses.RolloutCorrection;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code learner} of the configuration.
 *
 * @param promptsPerStep groups per step
 * @param learningRate peak of the schedule, where a phase does not set its own
 * @param lrSchedule constant, linear, cosine, wsd (warm-up, stable, decay over the last 40 %) or infinite:
 *     {@link LearningRate}
 * @param warmupSteps steps of linear warm-up at the start of each phase
 * @param minLrRatio where decaying schedules end, as a share of the peak
 * @param weightDecay decoupled; none on norms and biases
 * @param maxGradNorm global norm above which gradients are scaled down
 * @param ppoEpochs passes over the same batch
 * @param clipRatioLow the probability ratio is kept above 1 - this
 * @param clipRatioHigh and below 1 + this
 * @param lossMode vanilla (clipped surrogate), gspo, cispo, sapo or gpg: {@link PolicyLosses}
 * @param lossAggMode one of {@link LossAggregation}
 * @param advEstimator one of {@link AdvantageEstimator}
 * @param maxOffPolicySteps oldest policy version a group may come from, in steps behind
 * @param maxTokensPerMicroBatch padded tokens of one forward and backward pass
 * @param gradientCheckpointing whether layers run twice, so that only their inputs need memory in between
 * @param clipRatioC dual clip of vanilla: where A &lt; 0 the loss is at most -c A; null for none
 * @param lossScaleFactor constant that seq-mean-token-sum-norm divides by, such as rollout.max_response_length
 * @param entropyCoeff the mean entropy times this is taken from the loss
 * @param useKlLoss whether the divergence from the teacher is added to the loss
 * @param klLossCoef its coefficient
 * @param klLossType its estimator: k1, k2, k3 or abs, with + for the gradient of k2
 * @param rolloutCorrection of the difference between sampler and learner
 * @param filterGroups dynamic sampling
 * @param ppoMiniBatchSize groups of one optimizer step; null for all of {@code promptsPerStep} in one
 * @param schedule cooldown, anneal and re-warming of the learning rate
 * @param batchGuard which updates are skipped
 * @param useKlInReward whether the divergence from the teacher is taken from the rewards
 * @param klPenalty its estimator: k1, k2, k3 or abs
 * @param klCtrl its coefficient
 * @param spawnedTimeout most time that a group waits for the answers to the tasks it spawned
 */
public record LearnerSettings(
        int promptsPerStep,
        double learningRate,
        String lrSchedule,
        int warmupSteps,
        double minLrRatio,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        double maxGradNorm,
        int ppoEpochs,
        double clipRatioLow,
        double clipRatioHigh,
        String lossMode,
        String lossAggMode,
        String advEstimator,
        int maxOffPolicySteps,
        int maxTokensPerMicroBatch,
        boolean gradientCheckpointing,
        @Nullable Double clipRatioC,
        @Nullable Double lossScaleFactor,
        double entropyCoeff,
        boolean useKlLoss,
        double klLossCoef,
        String klLossType,
        RolloutCorrectionSettings rolloutCorrection,
        FilterGroups filterGroups,
        @Nullable Integer ppoMiniBatchSize,
        ScheduleSettings schedule,
        BatchGuardSettings batchGuard,
        boolean useKlInReward,
        String klPenalty,
        KlControlSettings klCtrl,
        Duration spawnedTimeout) {
    static final List<String> SCHEDULES = List.of("constant", "linear", "cosine", "wsd", "infinite");

    public LearnerSettings {
        require(promptsPerStep >= 1, "learner.prompts_per_step", promptsPerStep, "at least 1");
        require(learningRate >= 0 && Double.isFinite(learningRate), "learner.learning_rate", learningRate, "0 or more");
        require(SCHEDULES.contains(lrSchedule), "learner.lr_schedule", lrSchedule, "one of " + SCHEDULES);
        require(warmupSteps >= 0, "learner.warmup_steps", warmupSteps, "0 or more");
        require(minLrRatio >= 0 && minLrRatio <= 1, "learner.min_lr_ratio", minLrRatio, "0 to 1");
        require(beta1 >= 0 && beta1 < 1, "learner.beta1", beta1, "0 to below 1");
        require(beta2 >= 0 && beta2 < 1, "learner.beta2", beta2, "0 to below 1");
        require(epsilon > 0, "learner.epsilon", epsilon, "above 0");
        require(weightDecay >= 0, "learner.weight_decay", weightDecay, "0 or more");
        require(maxGradNorm > 0, "learner.max_grad_norm", maxGradNorm, "above 0");
        require(ppoEpochs >= 1, "learner.ppo_epochs", ppoEpochs, "at least 1");
        require(
                ppoMiniBatchSize == null || ppoMiniBatchSize >= 1 && promptsPerStep % ppoMiniBatchSize == 0,
                "learner.ppo_mini_batch_size",
                ppoMiniBatchSize,
                "a divisor of learner.prompts_per_step = " + promptsPerStep + " groups, or null for all of them");
        require(clipRatioLow > 0 && clipRatioLow <= 1, "learner.clip_ratio_low", clipRatioLow, "above 0 to 1");
        require(clipRatioHigh > 0, "learner.clip_ratio_high", clipRatioHigh, "above 0");
        require(maxOffPolicySteps >= 0, "learner.max_off_policy_steps", maxOffPolicySteps, "0 or more");
        require(
                maxTokensPerMicroBatch >= 1,
                "learner.max_tokens_per_micro_batch",
                maxTokensPerMicroBatch,
                "at least 1");
        LossAggregation aggregation = LossAggregation.parse(lossAggMode);
        AdvantageEstimator.parse(advEstimator);
        PolicyLosses.create(lossMode, clipRatioLow, clipRatioHigh, 1);
        KlTerm.parse(klLossType, klLossCoef);
        KlEstimator.parse("learner.kl_penalty", klPenalty);
        require(clipRatioC == null || clipRatioC > 1, "learner.clip_ratio_c", clipRatioC, "above 1, or null");
        require(
                clipRatioC == null || lossMode.equals("vanilla"),
                "learner.loss_mode",
                lossMode,
                "vanilla where learner.clip_ratio_c is set");
        require(
                !lossMode.equals("gspo") || aggregation == LossAggregation.SEQ_MEAN_TOKEN_MEAN,
                "learner.loss_agg_mode",
                lossAggMode,
                "seq-mean-token-mean where learner.loss_mode is gspo, whose loss is one number per sequence");
        boolean divides = aggregation == LossAggregation.SEQ_MEAN_TOKEN_SUM_NORM;
        require(
                lossScaleFactor == null ? !divides : lossScaleFactor > 0,
                "learner.loss_scale_factor",
                lossScaleFactor,
                "above 0, or null where learner.loss_agg_mode is not seq-mean-token-sum-norm");
        require(spawnedTimeout.toMillis() > 0, "learner.spawned_timeout", spawnedTimeout, "above 0");
        require(entropyCoeff >= 0 && Double.isFinite(entropyCoeff), "learner.entropy_coeff", entropyCoeff, "0 or more");
        require(klLossCoef > 0 && Double.isFinite(klLossCoef), "learner.kl_loss_coef", klLossCoef, "above 0");
    }

    /**
     * Dynamic sampling (DAPO, arXiv 2503.14476): groups whose rewards are all equal teach nothing and are replaced by others
     * before they reach a batch.
     */
    public record FilterGroups(boolean enable) {}

    /** Groups of one optimizer step. */
    int miniBatch() {
        return ppoMiniBatchSize == null ? promptsPerStep : ppoMiniBatchSize;
    }

    /** What policy-gradient tokens cost. */
    PolicyGradientLoss loss() {
        return new PolicyGradientLoss(
                PolicyLosses.create(
                        lossMode,
                        clipRatioLow,
                        clipRatioHigh,
                        clipRatioC == null ? Double.POSITIVE_INFINITY : clipRatioC),
                !rolloutCorrection.bypassMode(),
                rolloutCorrection.bypassMode() ? RolloutCorrection.NONE : rolloutCorrection.correction(),
                useKlLoss ? KlTerm.parse(klLossType, klLossCoef) : KlTerm.NONE,
                entropyCoeff);
    }

    KlEstimator klInReward() {
        return KlEstimator.parse("learner.kl_penalty", klPenalty);
    }

    /** Weight of every policy-gradient token of a step. */
    List<float[]> weights(List<Experience> step) {
        return LossAggregation.parse(lossAggMode).weights(step, lossScaleFactor == null ? 1 : lossScaleFactor);
    }

    private static void require(boolean fine, String key, @Nullable Object value, String expected) {
        if (!fine) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "%s is %s but must be %s", key, value, expected));
        }
    }
}
