package io.foretell.platform;

import java.time.Instant;
import java.time.InstantSource;

/**
 * A clock that begins at the system's time and then only goes on, second by second, whatever is done to the system's:
 * for deadlines and ages. Thread-safe.
 */
public final class SteadyClock implements InstantSource {
    private final Instant begin = Instant.now();
    private final long nanos = System.nanoTime();

    @Override
    public Instant instant() {
        return begin.plusNanos(System.nanoTime() - nanos);
    }
}
