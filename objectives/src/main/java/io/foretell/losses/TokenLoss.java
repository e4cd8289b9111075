package io.foretell.losses;

/** A policy-gradient loss that treats each token independently. */
public interface TokenLoss extends PolicyLoss {
    /**
     * The loss of one token.
     *
     * @param logProb under the policy being trained
     * @param oldLogProb under the policy whose ratio is clipped
     */
    double loss(double logProb, double oldLogProb, double advantage);

    /** Derivative of the loss with respect to {@code logProb}. */
    double derivative(double logProb, double oldLogProb, double advantage);

    Clip clip(double logProb, double oldLogProb, double advantage);

    @Override
    default Surrogate surrogate(PolicyGradientTokens tokens, double[] weights) {
        double loss = 0;
        double[] derivatives = new double[tokens.size()];
        int[] clipped = new int[Clip.values().length];
        for (int t = 0; t < derivatives.length; t++) {
            double logProb = tokens.logProbs()[t];
            double old = tokens.proximal()[t];
            double advantage = tokens.advantages()[t];
            loss += weights[t] * loss(logProb, old, advantage);
            derivatives[t] = weights[t] * derivative(logProb, old, advantage);
            clipped[clip(logProb, old, advantage).ordinal()]++;
        }
        return new Surrogate(
                loss,
                derivatives,
                clipped[Clip.LOW.ordinal()],
                clipped[Clip.HIGH.ordinal()],
                clipped[Clip.DUAL.ordinal()]);
    }
}
