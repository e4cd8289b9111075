/**
 * The {@code foretell} command: every role in one JVM or one role per process, and the dashboard. Everything is wired
 * here and nowhere else; nobody uses this module.
 */
@NullMarked
package io.foretell.launcher;

import org.jspecify.annotations.NullMarked;
