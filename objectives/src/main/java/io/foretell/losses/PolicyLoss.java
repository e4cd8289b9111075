package io.foretell.losses;

/** The policy-gradient loss of one sequence, to be minimised. Implementations are immutable. */
public interface PolicyLoss {
    /**
     * The weighted sum of token losses and its derivatives.
     *
     * @param weights (n) weights of the token losses, constants for the optimizer
     */
    Surrogate surrogate(PolicyGradientTokens tokens, double[] weights);

    /**
     * The loss of one sequence.
     *
     * @param loss sum_t w_t l_t
     * @param derivatives (n) of {@code loss} with respect to each token's log-probability
     * @param low tokens with {@link Clip#LOW}
     * @param high tokens with {@link Clip#HIGH}
     * @param dual tokens with {@link Clip#DUAL}
     */
    record Surrogate(double loss, double[] derivatives, int low, int high, int dual) {}
}
