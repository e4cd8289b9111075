package io.foretell.sources;

import io.foretell.domain.Document;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * How to read documents from files with certain extensions. A new format is one class that implements this, plus its
 * entry in {@link FileFormats}. Immutable.
 */
interface FileFormat {
    /** The file extensions, in lower case with the dot, such as {@code .md}. */
    List<String> endings();

    /**
     * Reads the documents of one file.
     *
     * @param file its path, for messages
     * @param content the decompressed content; the caller closes it
     * @throws IOException when the rest of the file cannot be read
     * @throws InterruptedException when the source should stop
     */
    void read(Path file, InputStream content, Reading reading) throws IOException, InterruptedException;

    /**
     * Context shared by the formats of one source. Confined to the feeding thread.
     *
     * @param parser makes documents and rejects invalid ones
     * @param json extracts the text of a record
     * @param domain domain of documents that name none
     * @param byParagraphs whether text is split at blank lines
     * @param target receives the documents
     */
    record Reading(
            DocumentParser parser,
            JsonRecords json,
            @Nullable String domain,
            boolean byParagraphs,
            Target target) {}

    /** Receives documents in file order. */
    interface Target {
        /**
         * Takes one document; blocks while there is no room. Counts and skips rejected documents.
         *
         * @param place location shown to users: the file and the position in it
         * @param document throws {@link RejectedDocumentException} if it is unusable
         */
        void add(String place, Supplier<Document> document) throws InterruptedException;
    }
}
