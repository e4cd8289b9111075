package io.foretell.lab.bench;

import io.foretell.platform.Time;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * Wall times. What else runs on a machine only ever adds to one, so the least of several says most of a piece of work by
 * itself; who is compared takes turns, and is compared round by round.
 */
final class Stopwatch {
    private Stopwatch() {}

    static double seconds(Runnable work) {
        long start = Time.system().nanos();
        work.run();
        return (Time.system().nanos() - start) / 1e9;
    }

    /**
     * The seconds of each contender, which take turns.
     *
     * @param contenders each does its work once and answers how many seconds that took
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

    /** The least seconds of one piece of work, which runs once before it is measured. */
    static double best(int rounds, Runnable work) {
        work.run();
        return DoubleStream.generate(() -> seconds(work)).limit(rounds).min().orElseThrow();
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
        return OrderStatistics.median(shares);
    }

    /**
     * What contenders took, who met the same machine in every round: of several rounds the medians count, for a contender
     * whose own time varies must not be judged by its luckiest.
     *
     * @param seconds by contender and round
     */
    record Turns(double[]... seconds) {
        /** Seconds of each round; of several contenders their sum. */
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

        /** How many times as fast as the other one is, in the median round. */
        double timesAsFast(int one, int other) {
            return OrderStatistics.median(IntStream.range(0, seconds[one].length)
                    .mapToDouble(round -> seconds[other][round] / seconds[one][round])
                    .toArray());
        }
    }

    /** What share of a peak some work is. */
    @FunctionalInterface
    interface ShareOf {
        double of(ModelPeak peak, double seconds);
    }
}
