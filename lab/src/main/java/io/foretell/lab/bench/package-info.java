/**
 * Benchmarks: {@code foretell bench}. Speed is given as a share of the machine's own peak, measured in the same run.
 */
@NullMarked
package io.foretell.lab.bench;

import org.jspecify.annotations.NullMarked;
