package io.foretell.policy;

/**
 * Wall time during which at least one policy of this JVM was inside a native call: what is left of a step's wall time
 * was spent outside the model. Thread-safe.
 */
public final class ModelTime {
    private static int active;
    private static long since;
    private static long total;

    private ModelTime() {}

    static synchronized void enter() {
        if (active++ == 0) {
            since = System.nanoTime();
        }
    }

    static synchronized void leave() {
        if (--active == 0) {
            total += System.nanoTime() - since;
        }
    }

    /** Nanoseconds so far. */
    public static synchronized long busyNanos() {
        return active == 0 ? total : total + System.nanoTime() - since;
    }
}
