package io.foretell.policy;

import io.foretell.huggingface.PolicyException;
import java.util.List;

/**
 * How tokens are sampled.
 *
 * @param temperature 0 always takes the most likely token
 * @param topP in (0, 1]: keeps the most likely tokens that together have this probability; 1 keeps all
 * @param topK keeps this many of the most likely tokens; 0 keeps all
 * @param minP in [0, 1): keeps tokens at least this likely, relative to the most likely one; 0 keeps all
 * @param minTokens sampled tokens before any of {@code stopTokens} may appear (their probability is removed until
 *     then)
 * @param maxTokens maximum tokens sampled
 * @param stopTokens each ends a continuation and is part of it
 */
public record SamplingParameters(
        float temperature, float topP, int topK, float minP, int minTokens, int maxTokens, List<Integer> stopTokens) {
    public SamplingParameters {
        stopTokens = List.copyOf(stopTokens);
        require(temperature >= 0 && Float.isFinite(temperature), "a temperature is 0 or above, not " + temperature);
        require(topP > 0 && topP <= 1, "top_p is above 0 and at most 1, not " + topP);
        require(topK >= 0, "top_k is 0 or above, not " + topK);
        require(minP >= 0 && minP < 1, "min_p is at least 0 and below 1, not " + minP);
        require(maxTokens >= 1, "at least one token is sampled, not " + maxTokens);
        require(
                minTokens >= 0 && minTokens <= maxTokens,
                "cannot sample at least " + minTokens + " and at most " + maxTokens + " tokens");
        require(
                stopTokens.stream().allMatch(token -> token >= 0),
                "a stop token is a token id, but they are " + stopTokens);
    }

    /** Samples from the whole distribution; {@code stopToken} -1 for none. */
    public static SamplingParameters plain(float temperature, int minTokens, int maxTokens, int stopToken) {
        return new SamplingParameters(
                temperature, 1, 0, 0, minTokens, maxTokens, stopToken < 0 ? List.of() : List.of(stopToken));
    }

    /** Whether some tokens are cut off. */
    boolean isCut() {
        return topP < 1 || topK > 0 || minP > 0;
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new PolicyException(otherwise);
        }
    }
}
