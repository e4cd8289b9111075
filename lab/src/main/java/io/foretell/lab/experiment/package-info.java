/**
 * {@code foretell experiment}: a learning claim with several seeds, a control that must not learn, and a verdict.
 */
@NullMarked
package io.foretell.lab.experiment;

import org.jspecify.annotations.NullMarked;
