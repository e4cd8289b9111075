package io.foretell.lab.bench;

import java.util.Arrays;

/** Order statistics of repeated measurements. Pure functions. */
final class OrderStatistics {
    private OrderStatistics() {}

    static double median(double... values) {
        return percentile(50, values);
    }

    /** The nearest-rank percentile: the smallest value that at least {@code percent} of all do not exceed. */
    static double percentile(double percent, double... values) {
        if (values.length == 0) {
            throw new IllegalStateException("nothing was measured");
        }
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int rank = (int) Math.ceil(percent / 100 * sorted.length);
        return sorted[Math.max(rank, 1) - 1];
    }
}
