/**
 * One process of Foretell: its configuration, the wiring of its roles, console and shutdown. Everything is wired here and
 * nowhere else.
 */
@NullMarked
package io.foretell.server;

import org.jspecify.annotations.NullMarked;
