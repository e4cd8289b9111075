package io.foretell.domain;

import java.util.Map;

/**
 * An ordinary document as it arrived.
 *
 * @param id chosen by the producer, or the content hash if the producer gave none
 * @param text cleaned text, never blank
 * @param domain the producer's label for the document's source; empty if none was given
 * @param meta the producer's other fields, passed through and never interpreted
 */
public record Document(String id, String text, String domain, Map<String, String> meta) {
    public Document {
        if (id.isBlank()) {
            throw new IllegalArgumentException("a document's id is blank");
        }
        if (text.isBlank()) {
            throw new IllegalArgumentException("document " + id + " has no text");
        }
        meta = Map.copyOf(meta);
    }
}
