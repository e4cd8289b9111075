/**
 * The daemon that turns scored groups into policy updates. What enters: scored groups. What leaves: policy versions,
 * checkpoints, metrics. One thread owns the model being trained, the experience buffer and the reader of the topic;
 * routes and listeners see immutable snapshots. The buffer, checkpoints, evaluation and metrics are packages below this
 * one and do not use it.
 */
@NullMarked
package io.foretell.learner;

import org.jspecify.annotations.NullMarked;
