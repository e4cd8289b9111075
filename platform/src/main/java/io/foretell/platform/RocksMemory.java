package io.foretell.platform;

import org.rocksdb.Cache;
import org.rocksdb.LRUCache;
import org.rocksdb.WriteBufferManager;

/**
 * The memory shared by all stores of this process: a block cache of 16 MB, a quarter of which may hold unflushed
 * writes. Lives as long as the process; call {@link RocksNative#load} first. Thread-safe.
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
