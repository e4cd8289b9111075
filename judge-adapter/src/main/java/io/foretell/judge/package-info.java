/**
 * A language model as judge. Input: a role and its material. Output: a verdict, or the reason why it is missing. Asking
 * never blocks; calls run on a small thread pool of the judge.
 */
@NullMarked
package io.foretell.judge;

import org.jspecify.annotations.NullMarked;
