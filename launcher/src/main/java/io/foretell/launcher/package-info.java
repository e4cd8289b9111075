/**
 * The {@code foretell} command: what a user types. Nobody uses this module.
 */
@NullMarked
package io.foretell.launcher;

import org.jspecify.annotations.NullMarked;
