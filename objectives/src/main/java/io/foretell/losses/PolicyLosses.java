package io.foretell.losses;

import io.foretell.domain.Options;
import java.util.Map;
import java.util.TreeMap;

/** The registry of losses, keyed by {@code learner.loss_mode}. */
public final class PolicyLosses {
    private static final Map<String, Factory> BY_NAME = new TreeMap<>(Map.of(
            "vanilla", (clip, options) -> new ClippedSurrogate(clip.low(), clip.high(), clip.dual()),
            "gspo", (clip, options) -> new Gspo(clip.low(), clip.high()),
            "cispo", (clip, options) -> new Cispo(clip.low(), clip.high()),
            "sapo", (clip, options) -> Sapo.read(options),
            "gpg", (clip, options) -> new Reinforce()));

    private PolicyLosses() {}

    private interface Factory {
        PolicyLoss create(ClipRatios clip, Options options);
    }

    /**
     * The configuration keys that several losses share.
     *
     * @param low {@code clip_ratio_low}
     * @param high {@code clip_ratio_high}
     * @param dual {@code clip_ratio_c}; infinite for none
     */
    public record ClipRatios(double low, double high, double dual) {
        /** Without dual clip. */
        public ClipRatios(double low, double high) {
            this(low, high, Double.POSITIVE_INFINITY);
        }
    }

    /**
     * The loss that configuration files call {@code mode}.
     *
     * @param options this loss's own keys, {@code loss_options}
     * @throws IllegalArgumentException with a sentence for the user, when there is no such loss or an option is wrong
     * @throws Options.UnknownOption when the loss has no such option
     */
    public static PolicyLoss create(String mode, ClipRatios clip, Map<String, Object> options) {
        Factory factory = BY_NAME.get(mode);
        if (factory == null) {
            throw new IllegalArgumentException(
                    "learner.loss_mode is '" + mode + "' but must be one of " + BY_NAME.keySet());
        }
        Options reader = Options.ofLoss(mode, options);
        PolicyLoss loss = factory.create(clip, reader);
        reader.refuseUnknown();
        return loss;
    }
}
