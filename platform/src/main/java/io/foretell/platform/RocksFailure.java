package io.foretell.platform;

import java.nio.file.Path;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/** Maps RocksDB's failures to ours. Pure functions. */
final class RocksFailure {
    private RocksFailure() {}

    static ForetellException of(Path dir, RocksDBException e) {
        Status status = e.getStatus();
        String message = String.valueOf(e.getMessage());
        if (message.contains("lock hold by current process") || message.contains("lock file")) {
            return new ForetellException(
                    ErrorCode.CONFLICT, "the store in " + dir + " is in use by another process or a second time", e);
        }
        if (status != null && status.getCode() == Status.Code.Corruption) {
            return new ForetellException(ErrorCode.CORRUPT, "the store in " + dir + " is damaged: " + message, e);
        }
        if (status != null && status.getSubCode() == Status.SubCode.NoSpace) {
            return new ForetellException(
                    ErrorCode.STORAGE, "the disk under " + dir + " is full: make room and start again", e);
        }
        return new ForetellException(ErrorCode.STORAGE, "the store in " + dir + " failed: " + message, e);
    }

    /**
     * Whether this build of the native library lacks the compression; detected by text, because there is no code for
     * it.
     */
    static boolean isMissingCompression(RocksDBException e) {
        return String.valueOf(e.getMessage()).contains("not linked with the binary");
    }
}
