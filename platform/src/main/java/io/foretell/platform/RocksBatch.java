package io.foretell.platform;

import java.util.function.Function;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteBatch;

/** The batch of one write. Confined to that call. */
record RocksBatch(WriteBatch batch, Function<String, ColumnFamilyHandle> families) implements RocksStore.Batch {
    @Override
    public void put(String family, byte[] key, byte[] value) {
        add(() -> batch.put(families.apply(family), key, value));
    }

    @Override
    public void delete(String family, byte[] key) {
        add(() -> batch.delete(families.apply(family), key));
    }

    @Override
    public void deleteRange(String family, byte[] from, byte[] toExclusive) {
        add(() -> batch.deleteRange(families.apply(family), from, toExclusive));
    }

    private static void add(Change change) {
        try {
            change.add();
        } catch (RocksDBException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot add to a batch: " + e.getMessage(), e);
        }
    }

    private interface Change {
        void add() throws RocksDBException;
    }
}
