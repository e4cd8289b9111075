package io.foretell.learner;

/**
 * The coefficient of the divergence that is taken from the reward: fixed, or steered towards a target (Ziegler et al.,
 * "Fine-Tuning Language Models from Human Preferences", arXiv 1909.08593, section 2.2, as veRL computes it):
 *
 * <pre>coef *= 1 + clip(KL / target - 1, -0.2, 0.2) * n / horizon</pre>
 *
 * <p>with n the sequences of a step and KL the mean of their means per token, in nats. Confined to the learner's thread.
 */
final class KlControl {
    private static final double MOST = 0.2;

    private final KlControlSettings settings;
    private double coefficient;

    KlControl(KlControlSettings settings) {
        this.settings = settings;
        this.coefficient = settings.klCoef();
    }

    double coefficient() {
        return coefficient;
    }

    /** Goes on from where an adaptive one was; a fixed one is what its settings say. */
    void restore(double saved) {
        if (settings.isAdaptive()) {
            coefficient = saved;
        }
    }

    /** Once a step, after its rewards are known; a divergence that is no number changes nothing. */
    void update(double kl, int sequences) {
        if (settings.isAdaptive() && !Double.isNaN(kl)) {
            double error = Math.max(-MOST, Math.min(MOST, kl / settings.targetKl() - 1));
            coefficient *= Math.max(0, 1 + error * sequences / settings.horizon());
        }
    }
}
