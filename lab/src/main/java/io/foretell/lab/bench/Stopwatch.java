package io.foretell.lab.bench;

import io.foretell.platform.Time;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Wall times. Other load on a machine only adds time, so the minimum of several is the best estimate for one piece of
 * work. Contenders to be compared take turns, and are compared round by round.
 */
final class Stopwatch {
    private Stopwatch() {}

    static double seconds(Runnable work) {
        long start = Time.system().nanos();
        work.run();
        return (Time.system().nanos() - start) / 1e9;
    }

    /**
     * Seconds per contender; contenders take turns.
     *
     * @param contenders each does its work once and returns the seconds it took
     */
    static Turns inTurns(int rounds, DoubleSupplier... contenders) {
        double[][] seconds = new double[contenders.length][rounds];
        for (int round = 0; round < rounds; round++) {
            for (int i = 0; i < contenders.length; i++) {
                seconds[i][round] = contenders[i].getAsDouble();
            }
        }
        return new Turns(seconds);
    }

    /** Minimum seconds of one piece of work, which runs once before it is measured. */
    static double best(int rounds, Runnable work) {
        work.run();
        return DoubleStream.generate(() -> seconds(work)).limit(rounds).min().orElseThrow();
    }

    /**
     * Median over rounds of the share of the machine's peak that the work reached, with the peak measured just before
     * and just after.
     *
     * @param share share of the given peak, for the seconds that the work took
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
        return OrderStatistics.median(shares);
    }

    /**
     * Times of contenders, which met the same machine in every round. Several rounds are summarised by medians, so a
     * contender whose own time varies is not judged by its luckiest round.
     *
     * @param seconds by contender and round
     */
    record Turns(double[]... seconds) {
        /** Seconds per round; summed over several contenders. */
        double[] of(int... contenders) {
            return IntStream.range(0, seconds[0].length)
                    .mapToDouble(round -> IntStream.of(contenders)
                            .mapToDouble(contender -> seconds[contender][round])
                            .sum())
                    .toArray();
        }

        double median(int contender) {
            return OrderStatistics.median(seconds[contender]);
        }

        /** Speed as a multiple of the other's, in the median round. */
        double timesAsFast(int one, int other) {
            return OrderStatistics.median(IntStream.range(0, seconds[one].length)
                    .mapToDouble(round -> seconds[other][round] / seconds[one][round])
                    .toArray());
        }
    }

    /** Computes some work's share of a peak. */
    @FunctionalInterface
    interface ShareOf {
        double of(ModelPeak peak, double seconds);
    }
}
