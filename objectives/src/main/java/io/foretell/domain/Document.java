package io.foretell.domain;

import java.util.Map;

/**
 * An ordinary document as it entered.
 *
 * @param id chosen by its producer, or the content hash where the producer gave none
 * @param text cleaned text, never blank
 * @param domain the producer's label for where it comes from; empty when none was given
 * @param meta further fields of the producer, carried along and never interpreted
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
