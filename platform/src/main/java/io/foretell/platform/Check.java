package io.foretell.platform;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Validates configuration values with uniform error messages. Pure functions. */
public final class Check {
    private Check() {}

    /**
     * Rejects a key's value unless a condition holds.
     *
     * @param key the dotted key, such as {@code learner.ppo_epochs}
     * @param value the given value; must not be a secret
     * @param expected what follows the words "but must be"
     * @throws IllegalArgumentException "KEY is VALUE but must be EXPECTED"
     */
    public static void that(String key, @Nullable Object value, boolean condition, String expected) {
        if (!condition) {
            throw new IllegalArgumentException(key + " is " + shown(value) + " but must be " + expected);
        }
    }

    private static String shown(@Nullable Object value) {
        if (value instanceof Duration duration) {
            return DurationText.format(duration);
        }
        return value instanceof String ? "'" + value + "'" : String.valueOf(value);
    }
}
