/** The {@code foretell} command line. No other module depends on this one. */
@NullMarked
package io.foretell.launcher;

import org.jspecify.annotations.NullMarked;
