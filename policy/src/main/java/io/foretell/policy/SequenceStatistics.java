package io.foretell.policy;

/**
 * What one micro-batch pass found out about one sequence; means are over its policy-gradient tokens.
 *
 * @param tokens policy-gradient tokens
 * @param klMean mean of old - new log-probability (k1), nats
 * @param mismatchKlMean mean of rho - 1 - log rho, rho = new / old probability
 * @param absoluteDifferenceMean mean |new - old| log-probability
 * @param absoluteDifferenceMax largest |new - old| log-probability
 * @param entropyMean mean entropy of the sampled distribution, nats
 * @param clipFraction share of tokens whose ratio was clipped on the side that matters
 */
public record SequenceStatistics(
        int tokens,
        double klMean,
        double mismatchKlMean,
        double absoluteDifferenceMean,
        double absoluteDifferenceMax,
        double entropyMean,
        double clipFraction) {}
