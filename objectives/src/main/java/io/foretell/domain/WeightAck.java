package io.foretell.domain;

/**
 * A rollout or reward worker's acknowledgement that it has loaded a version of the weights.
 *
 * @param consumer name of the worker, unique in the run
 * @param version number of the weights
 * @param seconds time to switch to them, including fetch and verification
 * @param bytes bytes read to fetch them, over the network or from the shared folder
 */
public record WeightAck(String run, String consumer, long version, double seconds, long bytes) {}
