package io.foretell.server;

import io.foretell.platform.Check;
import io.foretell.weightsync.RolloutEngine;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code rollout} of the configuration: sampling from the policy. Immutable.
 *
 * @param engine what samples
 * @param n rollouts per task (G)
 * @param temperature of sampling
 * @param maxPromptLength maximum tokens of a document in the prompt
 * @param maxResponseLength maximum tokens sampled per rollout
 * @param maxInflightRollouts maximum rollouts sampled at once
 * @param kvCacheTokens size of the KV cache
 * @param dtype precision of sampling; null for that of the policy
 */
public record RolloutSettings(
        RolloutEngine.Kind engine,
        int n,
        float temperature,
        int maxPromptLength,
        int maxResponseLength,
        int maxInflightRollouts,
        int kvCacheTokens,
        @Nullable String dtype) {
    public RolloutSettings {
        Check.that("rollout.n", n, n >= 1, "at least 1");
        Check.that("rollout.temperature", temperature, temperature > 0, "above 0");
        Check.that("rollout.max_prompt_length", maxPromptLength, maxPromptLength >= 1, "at least 1");
        Check.that("rollout.max_response_length", maxResponseLength, maxResponseLength >= 1, "at least 1");
        if (maxPromptLength + maxResponseLength > kvCacheTokens) {
            throw new IllegalArgumentException("rollout.kv_cache_tokens is " + kvCacheTokens
                    + " but one prompt and its response may have max_prompt_length + max_response_length = "
                    + (maxPromptLength + maxResponseLength) + " tokens");
        }
        if (dtype != null) {
            PolicySettings.requirePrecision("rollout.dtype", dtype);
        }
    }
}
