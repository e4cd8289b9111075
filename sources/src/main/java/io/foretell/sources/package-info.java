/**
 * Where documents come from, without a broker: files and JSON lines, synthetic corpora, parsing and cleaning, and the
 * rule that holds documents out of training. What enters: paths and bytes. What leaves: {@link
 * io.foretell.domain.Document}s. Sources are confined to the thread that reads them.
 */
@NullMarked
package io.foretell.sources;

import org.jspecify.annotations.NullMarked;
