package io.foretell.losses;

/** exp(x - y) of two log-probabilities, the difference clamped to 20 as in veRL. Pure functions. */
public final class LogRatio {
    private static final double MOST = 20;

    private LogRatio() {}

    public static double clamp(double logRatio) {
        return Math.max(-MOST, Math.min(MOST, logRatio));
    }

    /** Ratio of the two probabilities. */
    public static double ratio(double logProb, double otherLogProb) {
        return Math.exp(clamp(logProb - otherLogProb));
    }

    /** Whether the difference is clamped, so the ratio has no gradient. */
    public static boolean isFlat(double logRatio) {
        return Math.abs(logRatio) > MOST;
    }
}
