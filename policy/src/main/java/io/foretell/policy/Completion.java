package io.foretell.policy;

import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.TokenArray;
import io.foretell.domain.VersionRange;
import java.util.List;

/**
 * One sampled continuation.
 *
 * @param tokens sampled tokens, including the stop token that ended it
 * @param logProbs log-probability per token under the distribution it was sampled from, in nats
 * @param policyLogProbs log-probability per token under the policy itself: temperature 1, nothing cut off or
 *     forbidden
 * @param versions which weights sampled which tokens, in order, without gaps
 */
public record Completion(
        TokenArray tokens,
        FloatArray logProbs,
        FloatArray policyLogProbs,
        FinishReason finishReason,
        long seed,
        List<VersionRange> versions) {
    public Completion {
        versions = List.copyOf(versions);
    }
}
