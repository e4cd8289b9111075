/**
 * Client of any OpenAI-compatible endpoint as a judge. What enters: a prompt of a role. What leaves: a verdict, or the
 * reason why there is none. Thread-safe; nothing blocks.
 */
@NullMarked
package io.foretell.judge;

import org.jspecify.annotations.NullMarked;
