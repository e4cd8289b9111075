package io.foretell.platform;

import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Size and hash of every file in a folder, stored there as {@code manifest.json}; names are relative, with slashes.
 * Immutable.
 *
 * <p>A failed check throws CORRUPT with a sentence that names the file and the problem.
 */
public record FolderManifest(SortedMap<String, Entry> files) {
    public static final String NAME = "manifest.json";

    /** One file: its size in bytes and its sha-256 in hex. */
    public record Entry(long size, String sha256) {}

    public FolderManifest {
        files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
    }

    /** The manifest of the files now in {@code folder}, including subfolders. */
    public static FolderManifest of(Path folder) {
        SortedMap<String, Entry> files = new TreeMap<>();
        try (Stream<Path> found = Files.walk(folder)) {
            List<Path> regular = found.filter(Files::isRegularFile).toList();
            for (Path file : regular) {
                String name = folder.relativize(file).toString().replace('\\', '/');
                if (!name.equals(NAME)) {
                    files.put(name, new Entry(Files.size(file), AtomicFiles.sha256(file)));
                }
            }
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot read " + folder + ": " + e.getMessage(), e);
        }
        return new FolderManifest(files);
    }

    public static FolderManifest read(Path folder) {
        Path file = folder.resolve(NAME);
        if (!Files.isRegularFile(file)) {
            throw damaged(folder, NAME + " is missing");
        }
        try {
            return Json.mapper().readValue(file.toFile(), FolderManifest.class);
        } catch (IOException | RuntimeException e) {
            throw damaged(folder, NAME + " is not a manifest");
        }
    }

    /** Total size of all files, excluding the manifest. */
    public long bytes() {
        return files.values().stream().mapToLong(Entry::size).sum();
    }

    /** @param sync whether it must survive a power failure */
    public void writeTo(Path folder, boolean sync) {
        Path file = folder.resolve(NAME);
        if (sync) {
            write(file, this);
            return;
        }
        try {
            Files.write(file, json(this));
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    /** Checks that every listed file exists with its size and hash; other files do not matter. */
    public void verify(Path folder) {
        files.forEach((name, entry) -> {
            Path file = existing(folder, name);
            long size = sizeOf(file);
            if (size != entry.size()) {
                throw damaged(folder, name + " has " + size + " bytes and should have " + entry.size());
            }
            verifyHash(folder, name, file, entry.sha256());
        });
    }

    /** As {@link #verify(Path)}, for hashes from another source. */
    public static void verify(Path folder, Map<String, String> hashes) {
        new TreeMap<>(hashes).forEach((name, hash) -> verifyHash(folder, name, existing(folder, name), hash));
    }

    /** Writes {@code value} as JSON, atomically. */
    public static void write(Path file, Object value) {
        AtomicFiles.write(file, json(value));
    }

    private static byte[] json(Object value) {
        try {
            return Json.mapper()
                    .writer(SerializationFeature.INDENT_OUTPUT, SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS)
                    .writeValueAsBytes(value);
        } catch (IOException e) {
            throw new IllegalStateException("cannot be written as JSON: " + value, e);
        }
    }

    public static ForetellException damaged(Path folder, String what) {
        return new ForetellException(ErrorCode.CORRUPT, folder + " is damaged: " + what);
    }

    private static Path existing(Path folder, String name) {
        Path file = folder.resolve(name).normalize();
        if (!file.startsWith(folder.normalize())) {
            throw damaged(folder, "its manifest names " + name + ", which is outside of it");
        }
        if (!Files.isRegularFile(file)) {
            throw damaged(folder, name + " is missing");
        }
        return file;
    }

    private static void verifyHash(Path folder, String name, Path file, String expected) {
        String actual = AtomicFiles.sha256(file);
        if (!actual.equals(expected)) {
            throw damaged(
                    folder,
                    name + " has other content than was written (sha256 " + actual + " instead of " + expected + ")");
        }
    }

    private static long sizeOf(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot read " + file + ": " + e.getMessage(), e);
        }
    }
}
