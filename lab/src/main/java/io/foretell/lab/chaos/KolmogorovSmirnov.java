package io.foretell.lab.chaos;

import java.util.Arrays;

/**
 * Whether two samples come from one distribution (Kolmogorov and Smirnov; the probability after Press et al., Numerical
 * Recipes, 14.3).
 *
 * <pre>
 * D = max over x of |F1(x) - F2(x)|          Q(l) = 2 sum over j of (-1)^(j-1) e^(-2 j^2 l^2)
 * p = Q((sqrt(n) + 0.12 + 0.11 / sqrt(n)) D)                 n = n1 n2 / (n1 + n2)
 * </pre>
 *
 * <p>Exact for continuous values; where values repeat, as lengths do, the true probability is higher, so that it cries
 * wolf less often than it says.
 *
 * @param statistic D, 0 to 1
 * @param probability of a statistic as large when the distribution is one
 */
record KolmogorovSmirnov(double statistic, double probability) {
    private static final int TERMS = 100;

    /** @throws IllegalArgumentException when a sample is empty */
    static KolmogorovSmirnov of(double[] first, double[] second) {
        if (first.length == 0 || second.length == 0) {
            throw new IllegalArgumentException(
                    "samples of " + first.length + " and " + second.length + " values cannot be compared");
        }
        double[] a = first.clone();
        double[] b = second.clone();
        Arrays.sort(a);
        Arrays.sort(b);
        double largest = 0;
        int i = 0;
        int j = 0;
        while (i < a.length && j < b.length) {
            double x = Math.min(a[i], b[j]);
            while (i < a.length && a[i] == x) {
                i++;
            }
            while (j < b.length && b[j] == x) {
                j++;
            }
            largest = Math.max(largest, Math.abs(i / (double) a.length - j / (double) b.length));
        }
        double root = Math.sqrt((double) a.length * b.length / (a.length + b.length));
        return new KolmogorovSmirnov(largest, tail((root + 0.12 + 0.11 / root) * largest));
    }

    private static double tail(double l) {
        if (l < 0.2) {
            return 1; // to 12 digits, and the series converges slowly there
        }
        double sum = 0;
        for (int j = 1; j <= TERMS; j++) {
            sum += (j % 2 == 1 ? 2 : -2) * Math.exp(-2.0 * j * j * l * l);
        }
        return Math.max(0, Math.min(1, sum));
    }
}
