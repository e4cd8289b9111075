package io.foretell.learner;

import io.foretell.objectives.AdvantageEstimator;
import io.foretell.objectives.LossAggregation;
import java.util.List;
import java.util.Locale;

/**
 * Section {@code learner} of the configuration.
 *
 * @param promptsPerStep groups per optimizer step
 * @param learningRate peak of the schedule, where a phase does not set its own
 * @param lrSchedule constant, linear, cosine or wsd (warm-up, stable, decay over the last 40 %)
 * @param warmupSteps steps of linear warm-up at the start of each phase
 * @param minLrRatio where decaying schedules end, as a share of the peak
 * @param weightDecay decoupled; none on norms and biases
 * @param maxGradNorm global norm above which gradients are scaled down
 * @param ppoEpochs optimizer steps on the same batch
 * @param clipRatioLow the probability ratio is kept above 1 - this
 * @param clipRatioHigh and below 1 + this
 * @param lossMode vanilla (clipped surrogate)
 * @param lossAggMode seq-mean-token-mean or token-mean
 * @param advEstimator rloo, grpo or dr_grpo
 * @param maxOffPolicySteps oldest policy version a group may come from, in steps behind
 * @param maxTokensPerMicroBatch padded tokens of one forward and backward pass
 * @param gradientCheckpointing whether layers run twice, so that only their inputs need memory in between
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
        boolean gradientCheckpointing) {
    static final List<String> SCHEDULES = List.of("constant", "linear", "cosine", "wsd");

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
        require(clipRatioLow > 0 && clipRatioLow <= 1, "learner.clip_ratio_low", clipRatioLow, "above 0 to 1");
        require(clipRatioHigh > 0, "learner.clip_ratio_high", clipRatioHigh, "above 0");
        require(lossMode.equals("vanilla"), "learner.loss_mode", lossMode, "vanilla");
        require(maxOffPolicySteps >= 0, "learner.max_off_policy_steps", maxOffPolicySteps, "0 or more");
        require(
                maxTokensPerMicroBatch >= 1,
                "learner.max_tokens_per_micro_batch",
                maxTokensPerMicroBatch,
                "at least 1");
        LossAggregation.parse(lossAggMode);
        AdvantageEstimator.parse(advEstimator);
    }

    private static void require(boolean fine, String key, Object value, String expected) {
        if (!fine) {
            throw new IllegalArgumentException(
                    String.format(Locale.ROOT, "%s is %s but must be %s", key, value, expected));
        }
    }
}
