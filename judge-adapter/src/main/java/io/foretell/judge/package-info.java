/**
 * A language model as judge. What enters: a role and its material. What leaves: a verdict, or the reason why there is
 * none. Asking never blocks; the calls run on a few threads of the judge's own.
 */
@NullMarked
package io.foretell.judge;

import org.jspecify.annotations.NullMarked;
