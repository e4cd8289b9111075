package io.foretell.policy;

import io.foretell.objectives.FinishReason;
import io.foretell.objectives.FloatArray;
import io.foretell.objectives.TokenArray;

/**
 * One sampled continuation.
 *
 * @param tokens the stop token included where it ended it
 * @param logProbs of each token under the distribution really sampled, in nats
 */
public record Sample(TokenArray tokens, FloatArray logProbs, FinishReason finishReason, long seed) {}
