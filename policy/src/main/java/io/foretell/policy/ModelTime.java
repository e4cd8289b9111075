package io.foretell.policy;

import io.foretell.platform.Time;

/**
 * Wall time during which at least one policy of this JVM was inside a native call. The rest of a step's wall time was
 * spent outside the model. Thread-safe.
 */
public final class ModelTime {
    private static int active;
    private static long since;
    private static long total;

    private ModelTime() {}

    static synchronized void enter() {
        if (active++ == 0) {
            since = Time.system().nanos();
        }
    }

    static synchronized void leave() {
        if (--active == 0) {
            total += Time.system().nanos() - since;
        }
    }

    /** Nanoseconds so far. */
    public static synchronized long busyNanos() {
        return active == 0 ? total : total + Time.system().nanos() - since;
    }
}
