/**
 * One class per published method: how a document becomes tasks, how a group is rewarded, what the learner trains on.
 *
 * <p>What enters: tokens of a document, rollouts, log-probabilities behind {@link io.foretell.objectives.Scorer}. What
 * leaves: tasks, rewards and experiences. Nothing here does I/O, knows Kafka, HTTP or the model's engine, or keeps
 * state between calls, so every type is immutable or thread-safe unless it says otherwise.
 */
@NullMarked
package io.foretell.objectives;

import org.jspecify.annotations.NullMarked;
