package io.foretell.policy;

import io.foretell.domain.FloatArray;

/**
 * @param logProbs per token of the continuation, in nats, temperature 1
 * @param allGreedy whether every token of the continuation was the most likely one
 */
public record Score(FloatArray logProbs, boolean allGreedy) {}
