package io.foretell.sources;

import io.foretell.domain.Document;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How the files of some endings become documents. A new format is one class that implements this, and its entry in {@link
 * FileFormats}. Immutable.
 */
interface FileFormat {
    /** The endings of its files, in lower case with the dot, such as {@code .md}. */
    List<String> endings();

    /**
     * Hands over the documents of one file.
     *
     * @param file its path, for the places that people are told
     * @param content what is in it, unpacked; stays the caller's
     * @throws IOException when the rest of the file cannot be read
     * @throws InterruptedException when the source is to stop
     */
    void read(Path file, InputStream content, Reading reading) throws IOException, InterruptedException;

    /**
     * What the formats of one source share. Confined to the thread that feeds.
     *
     * @param parser makes documents and refuses those that are wrong
     * @param json makes the text of a record
     * @param domain of documents that name none
     * @param byParagraphs whether text is split at blank lines
     * @param target takes what was read
     */
    record Reading(
            DocumentParser parser,
            JsonRecords json,
            @Nullable String domain,
            boolean byParagraphs,
            Target target) {}

    /** Takes documents in the order of the file. */
    interface Target {
        /**
         * Takes one document, blocking while there is no room. A document that is refused is counted and skipped.
         *
         * @param place what people call it: the file, and where in it
         * @param document throws {@link RejectedDocumentException} when it cannot be used
         */
        void add(String place, Supplier<Document> document) throws InterruptedException;
    }
}
