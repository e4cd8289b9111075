package io.foretell.losses;

/** exp(x - y) of two log-probabilities, the difference kept within 20 as veRL does. Pure functions. */
public final class LogRatio {
    private static final double MOST = 20;

    private LogRatio() {}

    public static double clamp(double logRatio) {
        return Math.max(-MOST, Math.min(MOST, logRatio));
    }

    /** Probability over probability. */
    public static double ratio(double logProb, double otherLogProb) {
        return Math.exp(clamp(logProb - otherLogProb));
    }

    /** Whether the bound is reached, so that the ratio does not change any more. */
    public static boolean isFlat(double logRatio) {
        return Math.abs(logRatio) > MOST;
    }
}
