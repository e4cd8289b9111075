/** The server as a whole: processes are started as a user starts them, and looked at from outside. */
@NullMarked
package io.foretell.tests;

import org.jspecify.annotations.NullMarked;
