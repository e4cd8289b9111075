/**
 * Scores groups of rollouts. Input: groups from {@code rollouts}. Output: groups with rewards on {@code scored-groups}.
 * The worker has its own thread and the model its owner thread; routes never block.
 */
@NullMarked
package io.foretell.reward;

import org.jspecify.annotations.NullMarked;
