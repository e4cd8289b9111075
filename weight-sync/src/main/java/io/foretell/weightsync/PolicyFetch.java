package io.foretell.weightsync;

import io.foretell.domain.PublishedWeights;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;

/** How a worker gets at published weights. Implementations are thread-safe. */
@FunctionalInterface
public interface PolicyFetch {
    /**
     * A folder with the wanted files of a version, each verified against its sha-256. It stays at least until the next
     * but one call.
     *
     * @param wanted which files, by name
     * @throws ForetellException CORRUPT when a file is not what was announced, NOT_FOUND when the version is gone,
     *     UNAVAILABLE or TIMEOUT when the learner cannot be reached
     */
    Fetched fetch(PublishedWeights version, Predicate<String> wanted);

    /** @param bytes of the files */
    record Fetched(Path folder, long bytes) {}

    /** From the folder that was announced, where the learner's file system is seen here too. */
    static PolicyFetch folder() {
        return (version, wanted) -> {
            Path folder = Path.of(version.location());
            long bytes = version.files().entrySet().stream()
                    .filter(file -> wanted.test(file.getKey()))
                    .mapToLong(file -> verified(folder.resolve(file.getKey()), file.getValue()))
                    .sum();
            return new Fetched(folder, bytes);
        };
    }

    /** From the announced folder where it is seen, else by {@code other}. */
    static PolicyFetch folderOr(PolicyFetch other) {
        PolicyFetch folder = folder();
        return (version, wanted) ->
                (Files.isDirectory(Path.of(version.location())) ? folder : other).fetch(version, wanted);
    }

    /** The size of a file whose content has this sha-256. */
    static long verified(Path file, String expected) {
        String found = AtomicFiles.sha256(file);
        if (!found.equals(expected)) {
            throw new ForetellException(
                    ErrorCode.CORRUPT,
                    file + " is not the file that was published: its sha-256 is " + found + " and should be "
                            + expected);
        }
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot read " + file + ": " + e.getMessage(), e);
        }
    }
}
