package io.foretell.policy;

/**
 * One AdamW step.
 *
 * @param weightDecay decoupled; not applied to norms and biases
 * @param maxGradNorm global norm above which gradients are scaled down
 * @param emaDecay the teacher becomes decay * teacher + (1 - decay) * policy; a negative value leaves it unchanged
 */
public record OptimizerSettings(
        double learningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        double maxGradNorm,
        double emaDecay) {
    /** The components in the order of the program's OptimizerSettings. */
    double[] values() {
        return new double[] {learningRate, beta1, beta2, epsilon, weightDecay, maxGradNorm, emaDecay};
    }
}
