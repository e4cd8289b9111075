package io.foretell.streams;

import java.util.Map;

/** How one kind of record looks on its topic. Implementations are thread-safe. */
public interface Codec<T> {
    byte[] encode(T value);

    /**
     * The record in {@code bytes}.
     *
     * @throws UnreadableRecordException whatever is wrong with the bytes; nothing else is thrown
     */
    T decode(byte[] bytes);

    /** What a dead letter should say of {@code value}: {@code task_id} and {@code phase} where they are known. */
    default Map<String, String> labels(T value) {
        return Map.of();
    }
}
