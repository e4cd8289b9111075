package io.foretell.losses;

/**
 * Loss mode {@code sapo}: {@code loss = -A (4/tau) sigmoid(tau (rho - 1))}, a soft gate instead of a clip (arXiv
 * 2511.20347), with tau 1.0 for A &gt; 0 and 1.05 else, the defaults of veRL and TRL. At rho = 1 its slope is that of the
 * clipped surrogate. Nothing is ever clipped.
 */
public record Sapo() implements TokenLoss {
    private static final double TAU_POSITIVE = 1.0;
    private static final double TAU_NEGATIVE = 1.05;

    @Override
    public double loss(double logProb, double oldLogProb, double advantage) {
        return -advantage * gate(LogRatio.ratio(logProb, oldLogProb), tau(advantage));
    }

    @Override
    public double derivative(double logProb, double oldLogProb, double advantage) {
        if (LogRatio.isFlat(logProb - oldLogProb)) {
            return 0;
        }
        double rho = LogRatio.ratio(logProb, oldLogProb);
        double open = sigmoid(tau(advantage) * (rho - 1));
        return -advantage * 4 * open * (1 - open) * rho;
    }

    @Override
    public Clip clip(double logProb, double oldLogProb, double advantage) {
        return Clip.NONE;
    }

    static double gate(double rho, double tau) {
        return 4 / tau * sigmoid(tau * (rho - 1));
    }

    private static double tau(double advantage) {
        return advantage > 0 ? TAU_POSITIVE : TAU_NEGATIVE;
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
