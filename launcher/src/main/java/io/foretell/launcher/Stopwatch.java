package io.foretell.launcher;

import java.util.Arrays;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;

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

    /**
     * The median over rounds of what the work reached as a share of what the machine could do just before and just after.
     *
     * @param share of the peak that it is given, for the seconds that the work took
     */
    static double share(int rounds, Supplier<ModelPeak> peak, DoubleSupplier work, ShareOf share) {
        double[] shares = new double[rounds];
        ModelPeak before = peak.get();
        for (int round = 0; round < rounds; round++) {
            double seconds = work.getAsDouble();
            ModelPeak after = peak.get();
            shares[round] = 2 / (1 / share.of(before, seconds) + 1 / share.of(after, seconds));
            before = after;
        }
        return Rounds.median(shares);
    }

    /** What share of a peak some work is. */
    @FunctionalInterface
    interface ShareOf {
        double of(ModelPeak peak, double seconds);
    }
}
