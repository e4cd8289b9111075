package io.foretell.platform;

import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.WriteBufferManager;

/**
 * The memory that all stores of this process share, however many they are: 16 MB of blocks read, of which writes that
 * are not on the disk yet may take a quarter. Lives as long as the process; used after {@link RocksNative#load}. Thread-safe.
 */
final class RocksMemory {
    private static final long BYTES = 16L << 20;
    private static final LRUCache BLOCKS = new LRUCache(BYTES);
    private static final WriteBufferManager WRITE_BUFFERS = new WriteBufferManager(BYTES / 4, BLOCKS);

    private RocksMemory() {}

    static Cache blocks() {
        return BLOCKS;
    }

    static WriteBufferManager writeBuffers() {
        return WRITE_BUFFERS;
    }
}
