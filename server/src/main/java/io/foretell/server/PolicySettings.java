package io.foretell.server;

import io.foretell.platform.Check;
import io.foretell.policy.Precision;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code policy} of the configuration: the model to train. Immutable.
 *
 * @param path the Hugging Face folder to start from; null for a fresh model
 * @param init the fresh model
 * @param dtype a name of {@link Precision}
 * @param device auto or cpu
 * @param threads threads per operator; 0 leaves the choice to the engine
 */
record PolicySettings(@Nullable String path, Init init, String dtype, String device, int threads) {
    PolicySettings {
        requirePrecision("policy.dtype", dtype);
        Check.that("policy.device", device, device.equals("auto") || device.equals("cpu"), "auto or cpu");
    }

    /**
     * A fresh model, for runs without {@code policy.path}.
     *
     * @param arch name of the architecture
     * @param size name of the size
     * @param tokenizer name of a built-in tokenizer, or a path
     * @param initStd standard deviation of the weights
     */
    record Init(String arch, String size, String tokenizer, double initStd) {}

    static void requirePrecision(String key, String text) {
        try {
            Precision.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(key + " is " + e.getMessage(), e);
        }
    }
}
