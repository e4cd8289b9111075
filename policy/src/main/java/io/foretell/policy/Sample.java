package io.foretell.policy;

import io.foretell.objectives.FinishReason;
import io.foretell.objectives.FloatArray;
import io.foretell.objectives.TokenArray;
import io.foretell.objectives.VersionSpan;
import java.util.List;

/**
 * One sampled continuation.
 *
 * @param tokens the stop token included where it ended it
 * @param logProbs of each token under the distribution really sampled, in nats
 * @param policyLogProbs of each token under the policy itself: temperature 1, nothing cut off or forbidden
 * @param versions which weights sampled which tokens, in order, without gaps
 */
public record Sample(
        TokenArray tokens,
        FloatArray logProbs,
        FloatArray policyLogProbs,
        FinishReason finishReason,
        long seed,
        List<VersionSpan> versions) {
    public Sample {
        versions = List.copyOf(versions);
    }
}
