package io.foretell.policy;

import io.foretell.objectives.TokenArray;
import java.util.List;

/**
 * A prompt to be continued.
 *
 * @param prompt at least one token
 * @param seeds one per continuation; the same seed gives the same tokens whatever else is in the batch
 * @param temperature above 0
 * @param minTokens sampled tokens before {@code stopToken} may appear (its probability is removed until then)
 * @param maxTokens most tokens sampled
 * @param stopToken token that ends a continuation and belongs to it, or -1
 */
public record GenerationRequest(
        TokenArray prompt, List<Long> seeds, float temperature, int minTokens, int maxTokens, int stopToken) {
    public GenerationRequest {
        seeds = List.copyOf(seeds);
        if (prompt.isEmpty()) {
            throw new PolicyException("a prompt needs at least one token");
        }
        if (seeds.isEmpty() || maxTokens < 1 || !(temperature > 0)) {
            throw new PolicyException("cannot sample n=" + seeds.size() + " continuations of at most " + maxTokens
                    + " tokens at temperature " + temperature);
        }
    }
}
