package io.foretell.policy;

/**
 * One AdamW step.
 *
 * @param weightDecay decoupled, not applied to norms and biases
 * @param maxGradNorm global norm above which gradients are scaled down
 * @param emaDecay the teacher becomes decay * teacher + (1 - decay) * policy; negative leaves it alone
 */
public record OptimizerSettings(
        double learningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        double maxGradNorm,
        double emaDecay) {}
