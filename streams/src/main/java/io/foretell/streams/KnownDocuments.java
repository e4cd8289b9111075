package io.foretell.streams;

import java.util.Optional;

/** What is known of documents by their id. Thread-safe. */
@FunctionalInterface
public interface KnownDocuments {
    /** The sha-256 in hex of the text that belongs to {@code id}. May read the disk. */
    Optional<String> contentOf(String id);

    /** Whether anything may be known under {@code id}: false is certain, true is not. Never waits for the disk. */
    default boolean mayKnow(String id) {
        return true;
    }
}
