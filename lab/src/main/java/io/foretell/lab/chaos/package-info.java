/**
 * {@code foretell chaos}: a real run under random kills, and its audit.
 */
@NullMarked
package io.foretell.lab.chaos;

import org.jspecify.annotations.NullMarked;
