/**
 * The durable experience buffer: scored groups in RocksDB, each trained on exactly once in the history of the surviving
 * weights. Confined to the learner's thread.
 */
@NullMarked
package io.foretell.buffer;

import org.jspecify.annotations.NullMarked;
