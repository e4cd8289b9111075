package io.foretell.sources;

import io.foretell.domain.Document;

/** Somewhere that documents come from. Implementations are confined to the thread that feeds, except the progress. */
public interface DocumentSource {
    /** Takes a source's documents. */
    interface Sink {
        /**
         * Takes {@code document}, blocking while there is no room.
         *
         * @throws InterruptedException when the source is to stop
         */
        void accept(Document document) throws InterruptedException;

        /** Hears of a document that cannot be read: where it is, and why. */
        default void skipped(String place, String reason) {}
    }

    /** How much of a source is done; a total of 0 means that it is not known. */
    record Progress(long done, long total) {}

    /** What people call it: a path, or the name of a generator. */
    String name();

    /**
     * Hands all documents to {@code sink}. A document that cannot be read is counted and skipped.
     *
     * @return documents handed over
     * @throws InterruptedException when the sink said to stop
     * @throws io.foretell.platform.ForetellException when the source itself cannot be read
     */
    long feed(Sink sink) throws InterruptedException;

    /** Thread-safe. */
    default Progress progress() {
        return new Progress(0, 0);
    }

    /** Documents that could not be read so far. Thread-safe. */
    default long skipped() {
        return 0;
    }
}
