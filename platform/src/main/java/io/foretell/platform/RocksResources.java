package io.foretell.platform;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;

/**
 * The native options of one store, sized for a shared machine; its memory is part of {@link RocksMemory}. Confined to
 * the store that opens it; closed after the database.
 */
final class RocksResources implements AutoCloseable {
    private static final long MB = 1L << 20;

    private final BloomFilter filter = new BloomFilter(10);
    private final DBOptions dbOptions = new DBOptions()
            .setCreateIfMissing(true)
            .setCreateMissingColumnFamilies(true)
            .setMaxTotalWalSize(128 * MB)
            .setWriteBufferManager(RocksMemory.writeBuffers())
            .setMaxOpenFiles(256)
            .setMaxBackgroundJobs(2)
            .setKeepLogFileNum(3)
            .setMaxLogFileSize(8 * MB)
            .setInfoLogLevel(InfoLogLevel.WARN_LEVEL);
    private final ColumnFamilyOptions familyOptions = new ColumnFamilyOptions()
            .setCompressionType(CompressionType.LZ4_COMPRESSION)
            .setWriteBufferSize(2 * MB)
            .setMaxWriteBufferNumber(2)
            .setMaxBytesForLevelBase(32 * MB)
            .setTableFormatConfig(new BlockBasedTableConfig()
                    .setBlockCache(RocksMemory.blocks())
                    .setCacheIndexAndFilterBlocks(true)
                    .setFilterPolicy(filter));

    /** Opens the requested families and all existing ones. */
    RocksDB open(Path dir, List<String> wanted, List<ColumnFamilyHandle> handles) throws RocksDBException {
        try {
            Files.createDirectories(dir);
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot make " + dir + ": " + e.getMessage(), e);
        }
        List<ColumnFamilyDescriptor> descriptors = names(dir, wanted).stream()
                .map(name -> new ColumnFamilyDescriptor(name.getBytes(StandardCharsets.UTF_8), familyOptions))
                .toList();
        try {
            return RocksDB.open(dbOptions, dir.toString(), descriptors, handles);
        } catch (RocksDBException e) {
            if (!RocksFailure.isMissingCompression(e)) {
                throw e;
            }
            handles.clear();
            familyOptions.setCompressionType(CompressionType.NO_COMPRESSION);
            return RocksDB.open(dbOptions, dir.toString(), descriptors, handles);
        }
    }

    @Override
    public void close() {
        familyOptions.close();
        dbOptions.close();
        filter.close();
    }

    private static Set<String> names(Path dir, List<String> wanted) throws RocksDBException {
        Set<String> names = new LinkedHashSet<>();
        names.add("default");
        names.addAll(wanted);
        if (Files.exists(dir.resolve("CURRENT"))) {
            try (Options options = new Options()) {
                RocksDB.listColumnFamilies(options, dir.toString())
                        .forEach(name -> names.add(new String(name, StandardCharsets.UTF_8)));
            }
        }
        return names;
    }
}
