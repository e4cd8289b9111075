/**
 * One class per published method: how a document becomes tasks, how a group is rewarded, what the learner trains on.
 *
 * <p>Input: tokens of a document, rollouts, log-probabilities from {@link io.foretell.objectives.Scorer}. Output:
 * tasks, rewards and experiences. Nothing here does I/O, depends on Kafka, HTTP or the engine, or keeps state between
 * calls; every type is immutable or thread-safe unless it says otherwise.
 */
@NullMarked
package io.foretell.objectives;

import org.jspecify.annotations.NullMarked;
