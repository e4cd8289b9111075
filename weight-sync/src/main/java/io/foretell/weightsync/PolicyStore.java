package io.foretell.weightsync;

import io.foretell.platform.FolderManifest;
import io.foretell.platform.ForetellException;
import io.foretell.platform.NumberedFolders;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The weights that rollout and reward workers fetch, one folder {@code 000123} per version with a manifest.
 *
 * <p>A version appears whole by a rename. After a crash the learner may come to a version again, with other weights: it
 * replaces the old one, and whoever reads while that happens sees it by {@link #verify}. Confined to the learner's
 * thread, except {@link #verify}.
 */
public final class PolicyStore {
    /**
     * What was published.
     *
     * @param files sha-256 in hex per file, the manifest itself not included
     * @param bytes of these files
     */
    public record Published(long version, Path folder, Map<String, String> files, long bytes) {
        public Published {
            files = Map.copyOf(files);
        }
    }

    private final NumberedFolders folders;
    private final boolean sync;
    private long newest = Long.MAX_VALUE;

    /**
     * Opens the store and deletes what a crash left half-written.
     *
     * @param sync whether versions must survive a power cut; when not, one may come out of it damaged, and the learner
     *     publishes again from its checkpoint
     */
    public PolicyStore(Path dir, boolean sync) {
        this.folders = new NumberedFolders(dir);
        this.sync = sync;
    }

    /**
     * Makes a version visible.
     *
     * @param write writes all files into the folder it is given; when it throws, nothing becomes visible
     * @throws ForetellException STORAGE when the disk is full or fails
     */
    public Published publish(long version, Consumer<Path> write) {
        Path aside = folders.begin(version);
        FolderManifest manifest;
        Path folder;
        try {
            write.accept(aside);
            manifest = FolderManifest.of(aside);
            manifest.writeTo(aside, sync);
            folder = folders.publish(version, sync);
        } catch (RuntimeException e) {
            folders.abandon(version);
            throw e;
        }
        newest = version;
        Map<String, String> files = new TreeMap<>();
        manifest.files().forEach((name, entry) -> files.put(name, entry.sha256()));
        return new Published(version, folder, files, manifest.bytes());
    }

    /**
     * Checks that every one of {@code files} is in {@code folder} as it was published. Thread-safe.
     *
     * @param files sha-256 in hex per file
     * @throws ForetellException CORRUPT, with a sentence that names the file
     */
    public static void verify(Path folder, Map<String, String> files) {
        FolderManifest.verify(folder, files);
    }

    /** The versions there are, ascending. */
    public List<Long> versions() {
        return folders.numbers();
    }

    public Path folder(long version) {
        return folders.folder(version);
    }

    /**
     * Deletes all versions but the newest {@code keepLast} and those in use. Versions above the one published last are
     * of a history that a crash ended, and are not among the newest.
     */
    public void retain(int keepLast, Set<Long> inUse) {
        List<Long> versions = folders.numbers();
        List<Long> surviving =
                versions.stream().filter(version -> version <= newest).toList();
        List<Long> kept = surviving.subList(Math.max(0, surviving.size() - keepLast), surviving.size());
        versions.stream()
                .filter(version -> !kept.contains(version) && !inUse.contains(version))
                .forEach(folders::delete);
    }
}
