/**
 * Rollout workers and the HTTP generation API. What enters: tasks, and prompts over HTTP. What leaves: groups of
 * sampled rollouts on the {@code rollouts} topic, and completions. The worker has a thread of its own; the model has
 * its owner thread; routes run on event loops and never block.
 */
@NullMarked
package io.foretell.rollout;

import org.jspecify.annotations.NullMarked;
