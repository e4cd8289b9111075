/**
 * Document sources, independent of Kafka: files and JSON lines, synthetic corpora, parsing and cleaning, and the rule
 * that holds documents out of training. Input: paths and bytes. Output: {@link io.foretell.domain.Document}s. Sources
 * are confined to the thread that reads them.
 */
@NullMarked
package io.foretell.sources;

import org.jspecify.annotations.NullMarked;
