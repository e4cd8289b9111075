package io.foretell.platform;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import org.jspecify.annotations.Nullable;

/**
 * Writes files and folders atomically, also across a power failure.
 *
 * <p>Thread-safe for different targets; each target has one writer at a time. Every failure is a
 * {@link ForetellException} of {@link ErrorCode#STORAGE}.
 */
public final class AtomicFiles {
    private AtomicFiles() {}

    /** Writes a temporary file, syncs it, renames it over the target and syncs the folder; creates parent folders. */
    public static void write(Path target, byte[] content) {
        Path file = target.toAbsolutePath();
        Path aside = file.resolveSibling(file.getFileName() + ".aside");
        try {
            Files.createDirectories(file.getParent());
            try (FileChannel channel = FileChannel.open(
                    aside, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
                ByteBuffer rest = ByteBuffer.wrap(content);
                while (rest.hasRemaining()) {
                    channel.write(rest);
                }
                channel.force(true);
            }
            Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            sync(file.getParent());
        } catch (IOException e) {
            throw failed("write", target, e);
        }
    }

    /**
     * Syncs everything in the folder {@code aside} and renames it to {@code target} on the same file system.
     *
     * @throws ForetellException CONFLICT if the target already exists
     */
    public static void publishFolder(Path aside, Path target) {
        Path folder = target.toAbsolutePath();
        if (Files.exists(folder)) {
            throw new ForetellException(ErrorCode.CONFLICT, target + " exists already and is not overwritten");
        }
        try {
            Files.createDirectories(folder.getParent());
            Files.walkFileTree(aside, new Syncing());
            Files.move(aside, folder, StandardCopyOption.ATOMIC_MOVE);
            sync(folder.getParent());
        } catch (IOException e) {
            throw failed("publish", target, e);
        }
    }

    /** The file's SHA-256 in lower-case hex. */
    public static String sha256(Path file) {
        byte[] chunk = new byte[1 << 16];
        try (InputStream input = Files.newInputStream(file)) {
            MessageDigest digest = Sha256.digest();
            for (int n = input.read(chunk); n >= 0; n = input.read(chunk)) {
                digest.update(chunk, 0, n);
            }
            return Sha256.hex(digest.digest());
        } catch (IOException e) {
            throw failed("read", file, e);
        }
    }

    /** Deletes the folder and its contents; links are deleted, not followed; a missing folder is not an error. */
    public static void deleteFolder(Path folder) {
        try {
            Files.walkFileTree(folder, new Deleting());
        } catch (NoSuchFileException e) {
            return;
        } catch (IOException e) {
            throw failed("delete", folder, e);
        }
    }

    private static void sync(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    private static ForetellException failed(String verb, Path path, IOException e) {
        String reason = e instanceof NoSuchFileException ? "no such file" : e.getMessage();
        return new ForetellException(ErrorCode.STORAGE, "cannot " + verb + " " + path + ": " + reason, e);
    }

    private static final class Syncing extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            if (attributes.isRegularFile()) {
                sync(file);
            }
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure) throws IOException {
            if (failure != null) {
                throw failure;
            }
            sync(folder);
            return FileVisitResult.CONTINUE;
        }
    }

    private static final class Deleting extends SimpleFileVisitor<Path> {
        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException failure) throws IOException {
            if (failure != null) {
                throw failure;
            }
            Files.deleteIfExists(folder);
            return FileVisitResult.CONTINUE;
        }
    }
}
