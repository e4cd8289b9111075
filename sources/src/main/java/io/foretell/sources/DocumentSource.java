package io.foretell.sources;

import io.foretell.domain.Document;

/** A source of documents. Implementations are confined to the feeding thread, except for progress. */
public interface DocumentSource {
    /** Takes a source's documents. */
    interface Sink {
        /**
         * Takes {@code document}; blocks while the sink is full.
         *
         * @throws InterruptedException when the source is to stop
         */
        void accept(Document document) throws InterruptedException;

        /** Reports an unreadable document: its location, and the reason. */
        default void skipped(String place, String reason) {}
    }

    /** Progress through a source; a total of 0 means unknown. */
    record Progress(long done, long total) {}

    /** The name shown to users: a path, or the name of a generator. */
    String name();

    /**
     * Hands all documents to {@code sink}. A document that cannot be read is counted and skipped.
     *
     * @return documents handed over
     * @throws InterruptedException if the sink requests a stop
     * @throws io.foretell.platform.ForetellException when the source itself cannot be read
     */
    long feed(Sink sink) throws InterruptedException;

    /** Thread-safe. */
    default Progress progress() {
        return new Progress(0, 0);
    }

    /** Number of unreadable documents so far. Thread-safe. */
    default long skipped() {
        return 0;
    }
}
