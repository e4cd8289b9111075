package io.foretell.domain;

/**
 * What the learner announces after a step.
 *
 * @param weights the weights that workers use
 * @param progress the learner's progress; it tells the feeder how many tasks it may issue
 */
public record PolicyAnnouncement(PublishedWeights weights, LearnerProgress progress) {}
