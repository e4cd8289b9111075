/**
 * The daemon that turns scored groups into policy updates. What enters: scored groups. What leaves: policy versions,
 * checkpoints, metrics. One thread owns the model being trained, the experience buffer and the reader of the topic;
 * routes and listeners see immutable snapshots.
 */
@NullMarked
package io.foretell.learner;

import org.jspecify.annotations.NullMarked;
