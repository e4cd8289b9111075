package io.foretell.learner;

import io.foretell.platform.Check;
import java.util.List;

/**
 * The coefficient of the divergence that is subtracted from the reward: fixed, or steered towards a target (Ziegler et al.,
 * "Fine-Tuning Language Models from Human Preferences", arXiv 1909.08593, section 2.2, as veRL computes it):
 *
 * <pre>coef *= 1 + clip(KL / target - 1, -0.2, 0.2) * n / horizon</pre>
 *
 * <p>with n the sequences of a step and KL the mean of their means per token, in nats. Confined to the learner's thread.
 */
public final class KlControl {
    private static final double MAX_ERROR = 0.2;

    private final Settings settings;
    private double coefficient;

    KlControl(Settings settings) {
        this.settings = settings;
        this.coefficient = settings.klCoef();
    }

    /**
     * Section {@code learner.kl_ctrl}.
     *
     * @param type fixed or adaptive
     * @param klCoef the coefficient; where an adaptive one starts
     * @param horizon sequences in which an adaptive one can grow or shrink by a factor of at most about e^0.2
     * @param targetKl nats per token that an adaptive one steers for
     */
    public record Settings(String type, double klCoef, double horizon, double targetKl) {
        private static final String FIXED = "fixed";
        private static final List<String> TYPES = List.of(FIXED, "adaptive");

        public Settings {
            String section = "learner.kl_ctrl.";
            Check.that(section + "type", type, TYPES.contains(type), "one of " + TYPES);
            Check.that(section + "kl_coef", klCoef, klCoef > 0 && Double.isFinite(klCoef), "above 0");
            Check.that(section + "horizon", horizon, horizon >= 1 && Double.isFinite(horizon), "at least 1");
            Check.that(section + "target_kl", targetKl, targetKl > 0 && Double.isFinite(targetKl), "above 0");
        }

        boolean isAdaptive() {
            return !type.equals(FIXED);
        }
    }

    double coefficient() {
        return coefficient;
    }

    /** Restores an adaptive coefficient from a checkpoint; a fixed one stays what its settings say. */
    void restore(double saved) {
        if (settings.isAdaptive()) {
            coefficient = saved;
        }
    }

    /** Updates the coefficient once a step, after its rewards are known; NaN changes nothing. */
    void update(double kl, int sequences) {
        if (settings.isAdaptive() && !Double.isNaN(kl)) {
            double error = Math.max(-MAX_ERROR, Math.min(MAX_ERROR, kl / settings.targetKl() - 1));
            coefficient *= Math.max(0, 1 + error * sequences / settings.horizon());
        }
    }
}
