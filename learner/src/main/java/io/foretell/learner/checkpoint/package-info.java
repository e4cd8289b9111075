/**
 * Checkpoints of the learner: weights, optimizer, teacher and counters, written in the background.
 */
@NullMarked
package io.foretell.learner.checkpoint;

import org.jspecify.annotations.NullMarked;
