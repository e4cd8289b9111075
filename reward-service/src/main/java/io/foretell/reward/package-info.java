/**
 * Scores groups of rollouts. What enters: groups from {@code rollouts}. What leaves: groups with rewards on
 * {@code scored-groups}. The worker has a thread of its own, the model its owner thread, routes never block.
 */
@NullMarked
package io.foretell.reward;

import org.jspecify.annotations.NullMarked;
