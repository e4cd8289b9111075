package io.foretell.platform;

import java.time.Duration;

/**
 * A moment by which something must be done. Immutable.
 *
 * @param nanos the moment, on {@link Time#nanos()}'s scale
 */
public record Deadline(Time time, long nanos) {
    public boolean hasPassed() {
        return time.nanos() - nanos >= 0;
    }

    /** The time left; zero once the deadline has passed. */
    public Duration left() {
        return Duration.ofNanos(Math.max(0, nanos - time.nanos()));
    }
}
