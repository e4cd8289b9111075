package io.foretell.losses;

/**
 * The policy-gradient tokens of one sequence; every array is (n), log-probabilities are those of the chosen token under
 * the sampled distribution, in nats. Immutable by convention: the arrays are the caller's.
 *
 * @param logProbs of the policy being trained
 * @param proximal of the policy whose ratio is clipped ("old"): the sampler's, or the weights' at the start of the update
 * @param rollout of the sampler
 * @param reference of the policy that the KL term is against; empty where there is none
 * @param entropies of the policy being trained
 * @param advantages of the tokens
 * @param weights of the tokens in the step's mean ({@link LossAggregation})
 */
public record PolicyGradientTokens(
        double[] logProbs,
        double[] proximal,
        double[] rollout,
        double[] reference,
        double[] entropies,
        double[] advantages,
        double[] weights) {
    public int size() {
        return logProbs.length;
    }
}
