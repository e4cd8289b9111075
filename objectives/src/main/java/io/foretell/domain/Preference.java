package io.foretell.domain;

/**
 * Says that a sequence is one side of a pair whose responses are compared by {@code DirectPreference}; both sides are in
 * the same micro-batch.
 *
 * @param pair unique among the pairs of a step
 * @param isChosen whether it is the better response
 * @param from first token of the response in the sequence, at least 1
 * @param beta how far the policy may leave its reference, above 0
 */
public record Preference(String pair, boolean isChosen, int from, double beta) {}
