package io.foretell.learner;

import java.util.List;

/**
 * Section {@code learner.kl_ctrl} of the configuration: the coefficient of the divergence that is taken from the reward.
 *
 * @param type fixed or adaptive
 * @param klCoef the coefficient; of an adaptive one where it starts
 * @param horizon sequences in which an adaptive one can at most grow or shrink by a factor of about e^0.2
 * @param targetKl nats per token that an adaptive one steers for
 */
public record KlControlSettings(String type, double klCoef, double horizon, double targetKl) {
    static final String FIXED = "fixed";
    private static final List<String> TYPES = List.of(FIXED, "adaptive");

    public KlControlSettings {
        require(TYPES.contains(type), "type", type, "one of " + TYPES);
        require(klCoef > 0 && Double.isFinite(klCoef), "kl_coef", klCoef, "above 0");
        require(horizon >= 1 && Double.isFinite(horizon), "horizon", horizon, "at least 1");
        require(targetKl > 0 && Double.isFinite(targetKl), "target_kl", targetKl, "above 0");
    }

    boolean isAdaptive() {
        return !type.equals(FIXED);
    }

    private static void require(boolean fine, String key, Object value, String expected) {
        if (!fine) {
            throw new IllegalArgumentException("learner.kl_ctrl." + key + " is " + value + " but must be " + expected);
        }
    }
}
