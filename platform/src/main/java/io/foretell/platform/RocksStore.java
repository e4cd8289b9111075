package io.foretell.platform;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BiPredicate;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.Slice;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/**
 * An ordered key-value store in one folder, with named families that are updated atomically together.
 *
 * <p>Writes go to the log without a sync: they survive a crash of the process, but not a power failure, after which all
 * families have lost the same last writes. Keys are ordered as unsigned bytes. Failures are {@link ForetellException}s
 * of STORAGE, or CORRUPT if the data is damaged. Thread-safe, also against {@link #close}; calls block, so keep them
 * off event loops. Whoever opens it closes it.
 */
public final class RocksStore implements AutoCloseable {
    /** Changes that become visible atomically. Confined to the call that provides it. */
    public interface Batch {
        void put(String family, byte[] key, byte[] value);

        void delete(String family, byte[] key);

        /** Deletes every key from {@code from} (inclusive) to {@code toExclusive}. */
        void deleteRange(String family, byte[] from, byte[] toExclusive);
    }

    private final Path dir;
    private final RocksResources resources;
    private final RocksDB db;
    private final Map<String, ColumnFamilyHandle> families;
    private final ReentrantReadWriteLock closing = new ReentrantReadWriteLock();
    private boolean closed;

    private RocksStore(Path dir, RocksResources resources, RocksDB db, List<ColumnFamilyHandle> handles)
            throws RocksDBException {
        this.dir = dir;
        this.resources = resources;
        this.db = db;
        this.families = new HashMap<>();
        for (ColumnFamilyHandle handle : handles) {
            families.put(new String(handle.getName(), StandardCharsets.UTF_8), handle);
        }
    }

    /**
     * Opens the store; creates the folder and the families if they are missing.
     *
     * @throws ForetellException CONFLICT if it is already open, here or in another process
     */
    public static RocksStore open(Path dir, List<String> columnFamilies) {
        RocksNative.load();
        RocksResources resources = new RocksResources();
        try {
            List<ColumnFamilyHandle> handles = new ArrayList<>();
            RocksDB db = resources.open(dir, columnFamilies, handles);
            return new RocksStore(dir, resources, db, handles);
        } catch (RocksDBException e) {
            resources.close();
            throw RocksFailure.of(dir, e);
        } catch (RuntimeException e) {
            resources.close();
            throw e;
        }
    }

    /** Applies all changes of the batch or none; none if the consumer throws. */
    public void write(Consumer<Batch> changes) {
        write(changes, false);
    }

    /** As {@link #write}, but returns only once the changes would survive a power failure. */
    public void writeSynced(Consumer<Batch> changes) {
        write(changes, true);
    }

    /** Returns once everything written so far would survive a power failure. */
    public void sync() {
        reading(() -> {
            db.syncWal();
            return true;
        });
    }

    public byte @Nullable [] get(String family, byte[] key) {
        return reading(() -> db.get(handle(family), key));
    }

    /** Whether the family may contain the key: false is certain, true is not. Never waits for the disk. */
    public boolean mayHave(String family, byte[] key) {
        return reading(() -> db.keyMayExist(handle(family), key, null));
    }

    /** The values in the order of the keys; null for a missing one. */
    public List<byte @Nullable []> multiGet(String family, List<byte[]> keys) {
        return reading(() -> db.multiGetAsList(Collections.nCopies(keys.size(), handle(family)), keys));
    }

    /**
     * Visits entries in key order, from a snapshot taken at the start of the scan.
     *
     * @param from the first key, null for the beginning
     * @param toExclusive the key after the last, null for the end
     * @param visitor receives key and value; returns false to stop
     */
    public void scan(
            String family, byte @Nullable [] from, byte @Nullable [] toExclusive, BiPredicate<byte[], byte[]> visitor) {
        reading(() -> {
            try (ReadOptions options = new ReadOptions();
                    Slice bound = toExclusive == null ? null : new Slice(toExclusive)) {
                if (bound != null) {
                    options.setIterateUpperBound(bound);
                }
                try (RocksIterator entries = db.newIterator(handle(family), options)) {
                    visit(entries, from, visitor);
                }
            }
            return true;
        });
    }

    /**
     * As {@link #scan}, in descending key order.
     *
     * @param from the lowest key
     * @param toExclusive the key above the first one visited
     */
    public void scanBackwards(String family, byte[] from, byte[] toExclusive, BiPredicate<byte[], byte[]> visitor) {
        reading(() -> {
            try (Slice low = new Slice(from);
                    Slice high = new Slice(toExclusive);
                    ReadOptions options =
                            new ReadOptions().setIterateLowerBound(low).setIterateUpperBound(high);
                    RocksIterator entries = db.newIterator(handle(family), options)) {
                entries.seekToLast();
                while (entries.isValid() && visitor.test(entries.key(), entries.value())) {
                    entries.prev();
                }
                entries.status();
            }
            return true;
        });
    }

    @Override
    public void close() {
        closing.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            families.values().forEach(ColumnFamilyHandle::close);
            db.close();
            resources.close();
        } finally {
            closing.writeLock().unlock();
        }
    }

    private void write(Consumer<Batch> changes, boolean sync) {
        reading(() -> {
            try (WriteBatch batch = new WriteBatch();
                    WriteOptions options = new WriteOptions().setSync(sync)) {
                changes.accept(new RocksBatch(batch, this::handle));
                db.write(options, batch);
            }
            return true;
        });
    }

    private static void visit(RocksIterator entries, byte @Nullable [] from, BiPredicate<byte[], byte[]> visitor)
            throws RocksDBException {
        if (from == null) {
            entries.seekToFirst();
        } else {
            entries.seek(from);
        }
        while (entries.isValid() && visitor.test(entries.key(), entries.value())) {
            entries.next();
        }
        entries.status();
    }

    private ColumnFamilyHandle handle(String family) {
        ColumnFamilyHandle handle = families.get(family);
        if (handle == null) {
            throw new IllegalArgumentException("no family " + family + " in " + dir + ", only " + families.keySet());
        }
        return handle;
    }

    /* The shared lock keeps the native objects alive while they are in use; RocksDB does its own locking. */
    private <T> T reading(Access<T> access) {
        closing.readLock().lock();
        try {
            if (closed) {
                throw new IllegalStateException("the store in " + dir + " is closed");
            }
            return access.run();
        } catch (RocksDBException e) {
            throw RocksFailure.of(dir, e);
        } finally {
            closing.readLock().unlock();
        }
    }

    private interface Access<T> {
        T run() throws RocksDBException;
    }
}
