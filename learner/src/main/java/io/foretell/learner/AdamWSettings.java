package io.foretell.learner;

import io.foretell.platform.Check;
import io.foretell.policy.OptimizerSettings;

/**
 * The optimizer AdamW (Loshchilov and Hutter, arXiv 1711.05101); keys of section {@code learner}. Immutable.
 *
 * @param beta1 decay of the mean of gradients
 * @param beta2 decay of the mean of squared gradients
 * @param epsilon added to the denominator
 * @param weightDecay decoupled; none on norms and biases
 * @param maxGradNorm global norm above which gradients are scaled down
 */
public record AdamWSettings(double beta1, double beta2, double epsilon, double weightDecay, double maxGradNorm) {
    public AdamWSettings {
        Check.that("learner.beta1", beta1, beta1 >= 0 && beta1 < 1, "0 to below 1");
        Check.that("learner.beta2", beta2, beta2 >= 0 && beta2 < 1, "0 to below 1");
        Check.that("learner.epsilon", epsilon, epsilon > 0, "above 0");
        Check.that("learner.weight_decay", weightDecay, weightDecay >= 0, "0 or more");
        Check.that("learner.max_grad_norm", maxGradNorm, maxGradNorm > 0, "above 0");
    }

    /**
     * One step of the optimizer.
     *
     * @param emaDecay of the teacher in that step
     */
    OptimizerSettings step(double learningRate, double emaDecay) {
        return new OptimizerSettings(learningRate, beta1, beta2, epsilon, weightDecay, maxGradNorm, emaDecay);
    }
}
