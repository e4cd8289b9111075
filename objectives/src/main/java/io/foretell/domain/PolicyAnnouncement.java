package io.foretell.domain;

/**
 * What the learner announces after a step.
 *
 * @param weights which weights the workers use
 * @param progress how far the learner is, from which the feeder knows how many tasks it may issue
 */
public record PolicyAnnouncement(PublishedWeights weights, LearnerProgress progress) {}
