/**
 * How weights travel: the learner's store of published versions, their downloads over HTTP, and the worker's side that
 * fetches, verifies and switches to a new version between or during samplings.
 */
@NullMarked
package io.foretell.weightsync;

import org.jspecify.annotations.NullMarked;
