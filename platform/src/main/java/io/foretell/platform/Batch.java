package io.foretell.platform;

/** Changes to a {@link RocksStore} that become visible together. Confined to the call that handed it out. */
public interface Batch {
    void put(String family, byte[] key, byte[] value);

    void delete(String family, byte[] key);

    /** Deletes every key from {@code from} (inclusive) to {@code toExclusive}. */
    void deleteRange(String family, byte[] from, byte[] toExclusive);
}
