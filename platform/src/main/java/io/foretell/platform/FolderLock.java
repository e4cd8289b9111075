package io.foretell.platform;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Allows one process at a time in a folder, with a lock on the sibling file {@code <folder>.lock}.
 *
 * <p>The operating system releases the lock when the process ends, however it ends, so a leftover lock file is
 * harmless. It is never deleted, because two processes could then lock two files of the same name. Thread-safe.
 */
public final class FolderLock implements AutoCloseable {
    /* POSIX drops a process's lock when any of its handles on the file is closed, so a second taker in this
     * process must be refused before it opens the file. */
    private static final Set<Path> HELD_BY_THIS_PROCESS = ConcurrentHashMap.newKeySet();
    /* Far beyond the text, so others can read it even where locks are mandatory. */
    private static final long LOCKED_BYTE = 1L << 40;

    private final Path file;
    private final FileChannel channel;

    private FolderLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Takes the lock or fails immediately.
     *
     * @param owner a short description for other processes, such as {@code foretell up}
     * @throws ForetellException CONFLICT, naming the holder, if it is taken; STORAGE if the file
     *     cannot be written
     */
    public static FolderLock take(Path folder, String owner) {
        Path file;
        try {
            Path absolute = folder.toAbsolutePath().normalize();
            Path parent = Files.createDirectories(absolute.getParent()).toRealPath();
            file = parent.resolve(absolute.getFileName() + ".lock");
        } catch (IOException e) {
            throw failed(folder, e);
        }
        if (!HELD_BY_THIS_PROCESS.add(file)) {
            throw taken(folder, description(owner));
        }
        try {
            return new FolderLock(file, lockedChannel(file, folder, owner));
        } catch (IOException e) {
            HELD_BY_THIS_PROCESS.remove(file);
            throw failed(folder, e);
        } catch (RuntimeException e) {
            HELD_BY_THIS_PROCESS.remove(file);
            throw e;
        }
    }

    @Override
    public void close() {
        if (!channel.isOpen()) {
            return;
        }
        try {
            channel.close();
        } catch (IOException e) {
            throw failed(file, e);
        } finally {
            HELD_BY_THIS_PROCESS.remove(file);
        }
    }

    private static FileChannel lockedChannel(Path file, Path folder, String owner) throws IOException {
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            FileLock lock = channel.tryLock(LOCKED_BYTE, 1, false);
            if (lock == null) {
                throw taken(folder, Files.readString(file).strip());
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(description(owner).getBytes(StandardCharsets.UTF_8)), 0);
            return channel;
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static String description(String owner) {
        ProcessHandle self = ProcessHandle.current();
        Instant started = self.info().startInstant().orElse(Instant.EPOCH).truncatedTo(ChronoUnit.SECONDS);
        return "process " + self.pid() + " (started " + started + ", " + owner + ")";
    }

    private static ForetellException taken(Path folder, String holder) {
        String who = holder.isEmpty() ? "another process" : holder;
        return new ForetellException(ErrorCode.CONFLICT, folder + " is in use by " + who);
    }

    private static ForetellException failed(Path path, IOException e) {
        return new ForetellException(ErrorCode.STORAGE, "cannot lock " + path + ": " + e.getMessage(), e);
    }
}
