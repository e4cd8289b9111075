package io.foretell.losses;

import io.foretell.domain.Options;

/**
 * Loss mode {@code sapo}: {@code loss = -A (4/tau) sigmoid(tau (rho - 1))}, a soft gate instead of a clip (arXiv
 * 2511.20347). At rho = 1 its slope is that of the clipped surrogate. Nothing is ever clipped.
 *
 * <p>Options, with the defaults of veRL and TRL: {@code tau_pos} (1.0) and {@code tau_neg} (1.05). A larger tau closes the
 * gate sooner as the ratio moves away from 1.
 *
 * @param tauPos tau of tokens with A &gt; 0
 * @param tauNeg tau of all other tokens
 */
public record Sapo(double tauPos, double tauNeg) implements TokenLoss {
    private static final double MIN_TAU = 0.01;
    private static final double MAX_TAU = 100;

    static Sapo read(Options options) {
        return new Sapo(
                options.number("tau_pos", 1.0, MIN_TAU, MAX_TAU), options.number("tau_neg", 1.05, MIN_TAU, MAX_TAU));
    }

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

    private double tau(double advantage) {
        return advantage > 0 ? tauPos : tauNeg;
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }
}
