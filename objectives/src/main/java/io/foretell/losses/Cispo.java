package io.foretell.losses;

/**
 * Loss mode {@code cispo}: {@code loss = -sg[clip(rho, 1 - low, 1 + high)] A log p}, sg[.] a stop-gradient: clipping
 * limits a token's weight but never removes its gradient (MiniMax-M1, arXiv 2506.13585, equation 4). The paper bounds
 * rho only from above, which is {@code low = 1}. Clip counts use the same side as the clipped surrogate.
 *
 * @param low the ratio is kept above 1 - low
 * @param high the ratio is kept below 1 + high
 */
public record Cispo(double low, double high) implements TokenLoss {
    @Override
    public double loss(double logProb, double oldLogProb, double advantage) {
        return derivative(logProb, oldLogProb, advantage) * logProb;
    }

    @Override
    public double derivative(double logProb, double oldLogProb, double advantage) {
        double rho = LogRatio.ratio(logProb, oldLogProb);
        return -Math.max(1 - low, Math.min(1 + high, rho)) * advantage;
    }

    @Override
    public Clip clip(double logProb, double oldLogProb, double advantage) {
        return Clip.of(LogRatio.ratio(logProb, oldLogProb), advantage, low, high);
    }
}
