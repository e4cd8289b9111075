package io.foretell.domain;

/**
 * How to sample rollouts for a task.
 *
 * @param context tokens to continue, the opening of a thought channel included
 * @param n rollouts in the group (G)
 * @param temperature softmax temperature, above 0
 * @param minTokens sampled tokens before {@code stopToken} may appear; until then its probability is removed
 * @param maxTokens maximum sampled tokens
 * @param stopToken token that ends the response (and belongs to it), or -1
 * @param forceStop whether {@code stopToken} is appended, as a forced token, to a response that reached its maximum
 */
public record SamplingPlan(
        TokenArray context, int n, float temperature, int minTokens, int maxTokens, int stopToken, boolean forceStop) {
    public SamplingPlan {
        if (n < 1 || maxTokens < 1 || minTokens > maxTokens || !(temperature > 0)) {
            throw new IllegalArgumentException("a sampling plan of n=" + n + ", " + minTokens + " to " + maxTokens
                    + " tokens at temperature " + temperature + " is not possible");
        }
    }

    /** The token forbidden at the first position; -1 for none. */
    public int forbiddenFirst() {
        return minTokens > 0 ? stopToken : -1;
    }
}
