package io.foretell.domain;

/**
 * Marks a sequence as one side of a pair of responses that {@code DirectPreference} compares. Both sides are in the
 * same micro-batch.
 *
 * @param pair unique among the pairs of a step
 * @param isChosen whether it is the better response
 * @param from first token of the response in the sequence, at least 1
 * @param beta strength of the pull towards the reference, above 0
 */
public record Preference(String pair, boolean isChosen, int from, double beta) {}
