package io.foretell.launcher;

import java.util.Arrays;
import java.util.function.DoubleSupplier;

/** Wall times. What else runs on a machine only ever adds to one, so the least of several says most of the work itself. */
final class Stopwatch {
    private Stopwatch() {}

    static double seconds(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return (System.nanoTime() - start) / 1e9;
    }

    /**
     * The least seconds of each contender, which take turns.
     *
     * @param contenders each does its work once and answers how many seconds that took
     */
    static double[] inTurns(int rounds, DoubleSupplier... contenders) {
        double[] best = new double[contenders.length];
        Arrays.fill(best, Double.POSITIVE_INFINITY);
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < contenders.length; i++) {
                best[i] = Math.min(best[i], contenders[i].getAsDouble());
            }
        }
        return best;
    }

    /** Like {@link #inTurns(int, DoubleSupplier...)} for one piece of work, which runs once before it is measured. */
    static double best(int rounds, Runnable work) {
        work.run();
        return inTurns(rounds, () -> seconds(work))[0];
    }
}
