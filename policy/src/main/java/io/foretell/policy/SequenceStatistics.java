package io.foretell.policy;

import io.foretell.losses.LogRatio;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.losses.PolicyGradientTokens;
import io.foretell.losses.RolloutCorrection;
import java.util.Arrays;

/**
 * Statistics of one sequence in one micro-batch pass; means and shares are over its policy-gradient tokens.
 *
 * @param tokens policy-gradient tokens
 * @param klMean mean of old - new log-probability (k1), nats; old is the policy whose ratio is clipped
 * @param mismatchKlMean mean of rho - 1 - log rho, rho = new / sampler's probability
 * @param absoluteDifferenceMean mean |new - sampler's| log-probability
 * @param absoluteDifferenceMax maximum |new - sampler's| log-probability
 * @param entropyMean mean entropy of the sampled distribution, nats
 * @param clippedLow share of tokens with {@link io.foretell.objectives.Clip#LOW}
 * @param clippedHigh share with {@link io.foretell.objectives.Clip#HIGH}
 * @param clippedDual share with {@link io.foretell.objectives.Clip#DUAL}
 * @param correction correction for the difference between sampler and old policy
 * @param logProbs (tokens) log-probabilities of the policy being trained; callers must not change them
 */
public record SequenceStatistics(
        int tokens,
        double klMean,
        double mismatchKlMean,
        double absoluteDifferenceMean,
        double absoluteDifferenceMax,
        double entropyMean,
        double clippedLow,
        double clippedHigh,
        double clippedDual,
        RolloutCorrection.Corrected correction,
        double[] logProbs) {
    static SequenceStatistics of(PolicyGradientTokens tokens, PolicyGradientLoss.Cost cost) {
        double kl = 0;
        double mismatch = 0;
        double difference = 0;
        double largest = 0;
        for (int t = 0; t < tokens.size(); t++) {
            double log = tokens.logProbs()[t] - tokens.rollout()[t];
            kl += tokens.proximal()[t] - tokens.logProbs()[t];
            mismatch += LogRatio.ratio(tokens.logProbs()[t], tokens.rollout()[t]) - 1 - log;
            difference += Math.abs(log);
            largest = Math.max(largest, Math.abs(log));
        }
        double n = Math.max(1, tokens.size());
        return new SequenceStatistics(
                tokens.size(),
                kl / n,
                mismatch / n,
                difference / n,
                largest,
                Arrays.stream(tokens.entropies()).sum() / n,
                cost.surrogate().low() / n,
                cost.surrogate().high() / n,
                cost.surrogate().dual() / n,
                cost.correction(),
                tokens.logProbs());
    }

    /** Share of tokens whose ratio was clipped on the side where clipping has an effect. */
    public double clipFraction() {
        return clippedLow + clippedHigh;
    }
}
