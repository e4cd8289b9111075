/**
 * Kafka, and the way of a document to its tasks.
 *
 * <p>What enters: documents from any producer, over HTTP and from files. What leaves: {@link
 * io.foretell.domain.Task}s on a topic, and the queues, feeds and readers that the other services stand on. The
 * feeder, the source pump and the policy feed each own one named thread; everything else runs on its caller's thread,
 * and says so.
 */
@NullMarked
package io.foretell.streams;

import org.jspecify.annotations.NullMarked;
