package io.foretell.platform;

import java.time.Instant;
import java.time.InstantSource;

/**
 * A clock for deadlines and ages: starts at the system time and then advances monotonically, whatever happens to the
 * system clock. Thread-safe.
 */
public final class SteadyClock implements InstantSource {
    private final Time time;
    private final Instant begin;
    private final long nanos;

    public SteadyClock(Time time) {
        this.time = time;
        this.begin = time.instant();
        this.nanos = time.nanos();
    }

    @Override
    public Instant instant() {
        return begin.plusNanos(time.nanos() - nanos);
    }
}
