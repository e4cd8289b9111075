package io.foretell.objectives;

/**
 * The clipped surrogate of one token: {@code loss = -min(rho A, clip(rho, 1 - low, 1 + high) A)} with {@code rho =
 * exp(clamp(new - old, -20, 20))}, new and old the token's log-probability (nats) under the trained policy and when it was
 * sampled, A its advantage. With {@code low = high} this is PPO's (Schulman et al. 2017, arXiv 1707.06347, equation 7);
 * with {@code high > low} clip-higher of DAPO (arXiv 2503.14476).
 *
 * @param low the ratio is kept above 1 - low
 * @param high the ratio is kept below 1 + high
 */
public record ClippedSurrogate(double low, double high) {
    private static final double MOST_LOG_RATIO = 20;

    public double loss(double logProb, double oldLogProb, double advantage) {
        double rho = ratio(logProb, oldLogProb);
        double kept = Math.max(1 - low, Math.min(1 + high, rho));
        return -Math.min(rho * advantage, kept * advantage);
    }

    /** The loss's derivative by the new log-probability. */
    public double derivative(double logProb, double oldLogProb, double advantage) {
        boolean flat = Math.abs(logProb - oldLogProb) > MOST_LOG_RATIO;
        return flat || isClipped(logProb, oldLogProb, advantage) ? 0 : -ratio(logProb, oldLogProb) * advantage;
    }

    /** Whether the ratio lies beyond the bound on the side on which that takes the gradient away. */
    public boolean isClipped(double logProb, double oldLogProb, double advantage) {
        double rho = ratio(logProb, oldLogProb);
        return advantage > 0 && rho > 1 + high || advantage < 0 && rho < 1 - low;
    }

    /** New probability over old one, its logarithm kept within 20. */
    public static double ratio(double logProb, double oldLogProb) {
        return Math.exp(Math.max(-MOST_LOG_RATIO, Math.min(MOST_LOG_RATIO, logProb - oldLogProb)));
    }
}
