package io.foretell.learner.evaluation;

import java.util.Map;

/**
 * A mean with its 95 % interval, by the normal approximation: mean +- 1.96 s / sqrt(n), s over n - 1; no width for one
 * value. Immutable.
 */
record ConfidenceInterval(double low, double mean, double high) {
    /** @param values at least one */
    static ConfidenceInterval of(double[] values) {
        double mean = 0;
        for (double value : values) {
            mean += value / values.length;
        }
        double squares = 0;
        for (double value : values) {
            squares += (value - mean) * (value - mean);
        }
        int n = values.length;
        double half = n < 2 ? 0 : 1.96 * Math.sqrt(squares / (n - 1) / n);
        return new ConfidenceInterval(mean - half, mean, mean + half);
    }

    /** The same interval without what lies outside of {@code least} to {@code most}. */
    ConfidenceInterval within(double least, double most) {
        return new ConfidenceInterval(Math.max(low, least), mean, Math.min(high, most));
    }

    /** Adds the held-out measures {@code name}, {@code name_low} and {@code name_high}. */
    void put(String name, Map<String, Double> measures) {
        measures.put(Evaluation.PREFIX + name, mean);
        measures.put(Evaluation.PREFIX + name + "_low", low);
        measures.put(Evaluation.PREFIX + name + "_high", high);
    }
}
