package io.foretell.losses;

import java.util.Map;
import java.util.TreeMap;

/** The registry of losses, by the names of {@code learner.loss_mode}. */
public final class PolicyLosses {
    private static final Map<String, Factory> BY_NAME = new TreeMap<>(Map.of(
            "vanilla", ClippedSurrogate::new,
            "gspo", (low, high, dual) -> new Gspo(low, high),
            "cispo", (low, high, dual) -> new Cispo(low, high),
            "sapo", (low, high, dual) -> new Sapo(),
            "gpg", (low, high, dual) -> new Reinforce()));

    private PolicyLosses() {}

    private interface Factory {
        PolicyLoss create(double low, double high, double dual);
    }

    /**
     * The loss that configuration files call {@code mode}.
     *
     * @param low {@code clip_ratio_low}
     * @param high {@code clip_ratio_high}
     * @param dual {@code clip_ratio_c}; infinite for none
     * @throws IllegalArgumentException with a sentence for the user, when there is none of that name
     */
    public static PolicyLoss create(String mode, double low, double high, double dual) {
        Factory factory = BY_NAME.get(mode);
        if (factory == null) {
            throw new IllegalArgumentException(
                    "learner.loss_mode is '" + mode + "' but must be one of " + BY_NAME.keySet());
        }
        return factory.create(low, high, dual);
    }
}
