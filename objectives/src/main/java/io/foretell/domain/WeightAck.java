package io.foretell.domain;

/**
 * What a rollout or reward worker acknowledges: the weights that it works with.
 *
 * @param consumer name of the worker, unique among all of the run
 * @param version number of the weights
 * @param seconds that switching to them took, fetching and verification included
 * @param bytes that were read for that, over the network or from the shared folder
 */
public record WeightAck(String run, String consumer, long version, double seconds, long bytes) {}
