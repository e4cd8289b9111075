package io.foretell.learner.evaluation;

import io.foretell.domain.Document;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Threads;
import io.foretell.sources.DocumentParser;
import io.foretell.sources.HeldOut;
import io.foretell.streams.GroupReader;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds held-out documents on the documents topic, on a thread of its own, until there are enough or the first 20,000
 * documents were looked at.
 */
public final class HeldOutReader implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(HeldOutReader.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final long MOST = 20_000;

    private final GroupReader reader;
    private final DocumentParser parser;
    private final double fraction;
    private final HeldOutDocuments found;
    private final Thread thread;
    private volatile boolean closed;

    /** @param fraction {@code documents.held_out_fraction} */
    public HeldOutReader(
            String bootstrap, String topic, DocumentParser parser, double fraction, HeldOutDocuments found) {
        this.reader = new GroupReader(bootstrap, topic, Map.of());
        this.parser = parser;
        this.fraction = fraction;
        this.found = found;
        this.thread = Threads.daemon("held-out-reader", this::read);
        thread.start();
    }

    private void read() {
        long seen = 0;
        try (reader) {
            while (!closed && seen < MOST && !found.isFull()) {
                for (GroupReader.Received record : reader.poll(POLL)) {
                    seen++;
                    look(record);
                }
            }
        } catch (RuntimeException e) {
            log.warn("held-out documents are not read any more: {}", e.toString());
        }
    }

    private void look(GroupReader.Received record) {
        try {
            Document document = parser.parse(record.value());
            if (HeldOut.isHeldOut(document, fraction)) {
                found.add(document);
            }
        } catch (ForetellException e) {
            log.debug("not a document: {}", e.getMessage()); // the feeder reports it
        }
    }

    @Override
    public void close() {
        closed = true;
        reader.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
