/**
 * Policy-gradient and preference losses, advantage estimators and KL terms, each with its value and its derivative in
 * plain Java; the engine turns the derivatives into gradients. Pure functions.
 */
@NullMarked
package io.foretell.losses;

import org.jspecify.annotations.NullMarked;
