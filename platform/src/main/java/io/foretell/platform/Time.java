package io.foretell.platform;

import java.time.Duration;
import java.time.InstantSource;

/**
 * Time as a constructor argument: the date, monotonic nanoseconds for durations and deadlines, and sleep. Tests pass a
 * fake. Implementations are thread-safe.
 */
public interface Time extends InstantSource {
    /** Monotonic nanoseconds from an arbitrary origin, unaffected by changes of the system clock. */
    long nanos();

    void sleep(Duration pause) throws InterruptedException;

    /** The moment {@code timeout} from now. */
    default Deadline deadline(Duration timeout) {
        return new Deadline(this, nanos() + timeout.toNanos());
    }

    /** Seconds since {@code begin}, an earlier value of {@link #nanos()}. */
    default double secondsSince(long begin) {
        return (nanos() - begin) / 1e9;
    }

    /** The system time. */
    static Time system() {
        return SystemTime.INSTANCE;
    }
}
