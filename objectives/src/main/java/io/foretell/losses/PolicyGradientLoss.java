package io.foretell.losses;

import java.util.Arrays;

/**
 * The total loss of a sequence's policy-gradient tokens: {@code sum_t w_t (f_t l_t + beta kl_t - h H_t)}, w the weights
 * of {@link LossAggregation}, f those of {@link RolloutCorrection}, H the entropy of the token's distribution.
 * Immutable.
 *
 * @param loss l
 * @param decoupled true: the ratio of l is relative to the weights at the start of the update, and the correction is
 *     from the sampler to those; false ("bypass"): it is relative to the sampler, and nothing is corrected
 * @param correction f
 * @param kl beta and its estimator
 * @param entropyCoefficient h
 */
public record PolicyGradientLoss(
        PolicyLoss loss, boolean decoupled, RolloutCorrection correction, KlTerm kl, double entropyCoefficient) {
    /** Only {@code loss}, relative to the sampler's log-probabilities. */
    public static PolicyGradientLoss of(PolicyLoss loss) {
        return new PolicyGradientLoss(loss, false, RolloutCorrection.NONE, KlTerm.NONE, 0);
    }

    /**
     * The loss of one sequence.
     *
     * @param pg sum_t w_t f_t l_t
     * @param kl sum_t w_t kl_t; 0 without a reference
     * @param entropy sum_t w_t H_t
     * @param total pg + beta kl - h entropy
     * @param byLogProb (n) derivatives of {@code total} with respect to the tokens' log-probabilities
     * @param byEntropy (n) derivatives of {@code total} with respect to their entropies
     * @param surrogate loss and clip counts of l
     * @param correction the correction of this sequence
     */
    public record Cost(
            double pg,
            double kl,
            double entropy,
            double total,
            double[] byLogProb,
            double[] byEntropy,
            PolicyLoss.Surrogate surrogate,
            RolloutCorrection.Corrected correction) {}

    public Cost cost(PolicyGradientTokens tokens) {
        int n = tokens.size();
        RolloutCorrection.Corrected corrected = correction.correct(tokens.proximal(), tokens.rollout());
        double[] weights = new double[n];
        for (int t = 0; t < n; t++) {
            weights[t] = tokens.weights()[t] * corrected.factors()[t];
        }
        PolicyLoss.Surrogate surrogate = loss.surrogate(tokens, weights);
        double[] byLogProb = surrogate.derivatives().clone();
        double[] byEntropy = new double[n];
        double divergence = 0;
        double entropy = 0;
        for (int t = 0; t < n; t++) {
            double weight = tokens.weights()[t];
            if (tokens.reference().length > 0) {
                double d = tokens.logProbs()[t] - tokens.reference()[t];
                divergence += weight * kl.estimator().value(d);
                byLogProb[t] += weight * kl.coefficient() * kl.derivative(d);
            }
            entropy += weight * tokens.entropies()[t];
            byEntropy[t] = -weight * entropyCoefficient;
        }
        double total = surrogate.loss() + kl.coefficient() * divergence - entropyCoefficient * entropy;
        if (!Double.isFinite(total)) {
            // A NaN or infinite loss must not pass because its clipped branch is flat.
            Arrays.fill(byLogProb, Double.NaN);
        }
        return new Cost(surrogate.loss(), divergence, entropy, total, byLogProb, byEntropy, surrogate, corrected);
    }
}
