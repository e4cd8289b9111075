/**
 * Held-out evaluation. Confined to the learner's thread, which owns the model.
 */
@NullMarked
package io.foretell.learner.evaluation;

import org.jspecify.annotations.NullMarked;
