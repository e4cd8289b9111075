package io.foretell.losses;

/**
 * The policy-gradient tokens of one sequence; every array is (n), log-probabilities are those of the chosen token under
 * the sampled distribution, in nats. Immutable by convention: the arrays are the caller's.
 *
 * @param logProbs log-probabilities under the policy being trained
 * @param proximal under the policy whose ratio is clipped ("old"): the sampler, or the weights at the start of the
 *     update
 * @param rollout under the sampler
 * @param reference under the reference policy of the KL term; empty without one
 * @param entropies entropies of the policy being trained
 * @param advantages advantages of the tokens
 * @param weights weights of the tokens in the step's mean ({@link LossAggregation})
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
