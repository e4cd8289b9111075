package io.foretell.losses;

/**
 * Loss mode {@code vanilla}: the clipped surrogate, {@code loss = -min(rho A, clip(rho, 1 - low, 1 + high) A)} with
 * {@code rho = exp(clamp(new - old, -20, 20))}, new and old the token's log-probability (nats) under the trained and the
 * old policy, A its advantage. With {@code low = high} this is PPO's (Schulman et al. 2017, arXiv 1707.06347, equation
 * 7); with {@code high > low} clip-higher of DAPO (arXiv 2503.14476).
 *
 * <p>Dual clip (Ye et al. 2019, arXiv 1912.09729): where A &lt; 0 the loss is at most {@code -dual A}.
 *
 * @param low the ratio is kept above 1 - low
 * @param high the ratio is kept below 1 + high
 * @param dual above 1; infinite for no dual clip
 */
public record ClippedSurrogate(double low, double high, double dual) implements TokenLoss {
    /** Without dual clip. */
    public ClippedSurrogate(double low, double high) {
        this(low, high, Double.POSITIVE_INFINITY);
    }

    @Override
    public double loss(double logProb, double oldLogProb, double advantage) {
        double rho = LogRatio.ratio(logProb, oldLogProb);
        double kept = Math.max(1 - low, Math.min(1 + high, rho));
        double loss = -Math.min(rho * advantage, kept * advantage);
        return advantage < 0 ? Math.min(loss, -dual * advantage) : loss;
    }

    @Override
    public double derivative(double logProb, double oldLogProb, double advantage) {
        boolean flat = LogRatio.isFlat(logProb - oldLogProb);
        return flat || isClipped(logProb, oldLogProb, advantage) ? 0 : -LogRatio.ratio(logProb, oldLogProb) * advantage;
    }

    @Override
    public Clip clip(double logProb, double oldLogProb, double advantage) {
        double rho = LogRatio.ratio(logProb, oldLogProb);
        return advantage < 0 && rho > dual ? Clip.DUAL : Clip.of(rho, advantage, low, high);
    }

    /** Whether the ratio is beyond the bound that removes the gradient. */
    public boolean isClipped(double logProb, double oldLogProb, double advantage) {
        return clip(logProb, oldLogProb, advantage) != Clip.NONE;
    }
}
