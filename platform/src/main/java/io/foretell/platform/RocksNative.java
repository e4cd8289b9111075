package io.foretell.platform;

import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.jar.JarEntry;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads RocksDB's native library from a folder that outlives the process, so a killed process leaves no copy behind.
 *
 * <p>The folder's name contains the library's checksum. The file is put there by an atomic rename, which makes
 * concurrent starts safe. Thread-safe.
 */
final class RocksNative {
    private static final Logger LOG = LoggerFactory.getLogger(RocksNative.class);
    private static boolean loaded;

    private RocksNative() {}

    static synchronized void load() {
        if (loaded) {
            return;
        }
        try {
            RocksDB.loadLibrary(List.of(extracted().toString()));
        } catch (IOException | UnsatisfiedLinkError e) {
            LOG.warn("RocksDB's library goes to a temporary file of this process instead reason={}", e.getMessage());
            RocksDB.loadLibrary();
        }
        loaded = true;
    }

    private static Path extracted() throws IOException {
        String name = Environment.getJniLibraryFileName("rocksdb");
        URL resource = RocksDB.class.getResource("/" + name);
        URLConnection connection = resource == null ? null : resource.openConnection();
        if (!(connection instanceof JarURLConnection jar)) {
            throw new IOException("there is no " + name + " in RocksDB's jar");
        }
        JarEntry entry = jar.getJarEntry();
        String version = "rocksdb-" + Long.toHexString(entry.getCrc());
        Path folder = ownFolder().resolve(version);
        // The file name that RocksDB.loadLibrary expects.
        Path file = folder.resolve(Environment.getJniLibraryFileName("rocksdbjni"));
        if (!Files.isRegularFile(file) || Files.size(file) != entry.getSize()) {
            Files.createDirectories(folder);
            Path aside = Files.createTempFile(folder, name, ".aside");
            try (InputStream input = connection.getInputStream()) {
                Files.copy(input, aside, StandardCopyOption.REPLACE_EXISTING);
                Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
            } finally {
                Files.deleteIfExists(aside);
            }
        }
        return folder;
    }

    /* Code is loaded from this folder, so one that another user created is not used. */
    private static Path ownFolder() throws IOException {
        String user = System.getProperty("user.name");
        Path folder = Path.of(System.getProperty("java.io.tmpdir"), "foretell-native-" + user);
        Path probe = Files.createTempFile("foretell", ".owner");
        try {
            Files.createDirectories(folder);
            if (Files.isSymbolicLink(folder) || !Files.getOwner(folder).equals(Files.getOwner(probe))) {
                throw new IOException(folder + " belongs to somebody else");
            }
        } finally {
            Files.delete(probe);
        }
        return folder;
    }
}
