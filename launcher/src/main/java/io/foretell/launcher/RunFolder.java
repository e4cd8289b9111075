package io.foretell.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import io.foretell.weightsync.PolicyStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Read-only view of a run's folder: opens nothing for writing, so the run may be up. Immutable. */
record RunFolder(String name, Path folder) {
    private static final Pattern NUMBER = Pattern.compile("\\d{6,18}");
    private static final String MANIFEST = "manifest.json";

    /**
     * The run of that name in {@code runDir}, or at that path.
     *
     * @throws ForetellException NOT_FOUND, listing the existing runs
     */
    static RunFolder find(String run, Path runDir) {
        for (Path candidate : List.of(runDir.resolve(run), Path.of(run))) {
            if (isRun(candidate)) {
                return new RunFolder(
                        candidate.toAbsolutePath().normalize().getFileName().toString(), candidate);
            }
        }
        List<String> runs = names(runDir).stream()
                .filter(name -> isRun(runDir.resolve(name)))
                .toList();
        throw new ForetellException(
                ErrorCode.NOT_FOUND,
                "there is no run " + run + " in " + runDir
                        + (runs.isEmpty()
                                ? ", and no other run: start one with ./foretell up -c configs/quickstart.yaml,"
                                        + " or name the folder of runs with --run-dir"
                                : "; there is " + String.join(", ", runs)));
    }

    static boolean isRun(Path folder) {
        return Files.isRegularFile(folder.resolve("config.yaml"))
                || Files.isDirectory(folder.resolve("policies"))
                || Files.isDirectory(folder.resolve("checkpoints"));
    }

    /**
     * The Hugging Face folder that {@code given} refers to: itself, or the newest policy of the run there.
     *
     * @throws ForetellException NOT_FOUND
     */
    static Path model(Path given) {
        if (Files.isRegularFile(given.resolve("config.json"))) {
            return given;
        }
        if (!Files.isDirectory(given)) {
            throw notFound("there is no folder " + given + ": name a Hugging Face folder or a run's folder");
        }
        if (!isRun(given)) {
            throw notFound(given + " is neither a Hugging Face folder (it has no config.json) nor a run's folder");
        }
        RunFolder run = new RunFolder(given.getFileName().toString(), given);
        List<Long> versions = run.versions();
        if (!versions.isEmpty()) {
            return run.version(versions.get(versions.size() - 1));
        }
        OptionalLong latest = run.latestCheckpoint();
        if (latest.isPresent()) {
            return run.checkpoint(latest.getAsLong());
        }
        throw notFound("the run " + given + " has published no policy and written no checkpoint yet");
    }

    /** Published versions still kept, ascending. */
    List<Long> versions() {
        return numbers("policies");
    }

    /** Steps of the checkpoints, ascending. */
    List<Long> checkpoints() {
        return numbers("checkpoints");
    }

    Path version(long version) {
        return numbered("policies", version);
    }

    Path checkpoint(long step) {
        return numbered("checkpoints", step);
    }

    /** The checkpoint the run would resume from; later ones belong to an abandoned history. */
    OptionalLong latestCheckpoint() {
        List<Long> steps = checkpoints();
        try {
            long named = Long.parseLong(
                    Files.readString(folder.resolve("checkpoints/latest")).strip());
            if (steps.contains(named)) {
                return OptionalLong.of(named);
            }
        } catch (IOException | NumberFormatException e) {
            // the highest number is the next best
        }
        return steps.stream().mapToLong(Long::longValue).max();
    }

    private Path numbered(String kind, long number) {
        return folder.resolve(kind).resolve(String.format(Locale.ROOT, "%06d", number));
    }

    private List<Long> numbers(String kind) {
        return names(folder.resolve(kind)).stream()
                .filter(name -> NUMBER.matcher(name).matches())
                .map(Long::valueOf)
                .sorted()
                .toList();
    }

    static List<String> names(Path dir) {
        if (!Files.isDirectory(dir)) {
            return List.of();
        }
        try (Stream<Path> found = Files.list(dir)) {
            return found.map(path -> path.getFileName().toString()).sorted().toList();
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot read " + dir + ": " + e.getMessage(), e);
        }
    }

    /**
     * The sha-256 of each file in {@code folder}, from its manifest.
     *
     * @throws ForetellException CORRUPT
     */
    static Map<String, String> hashes(Path folder) {
        Path file = folder.resolve(MANIFEST);
        if (!Files.isRegularFile(file)) {
            throw new ForetellException(ErrorCode.CORRUPT, folder + " is damaged: " + MANIFEST + " is missing");
        }
        Map<String, String> hashes = new TreeMap<>();
        try {
            JsonNode files = Json.mapper().readTree(Files.readAllBytes(file)).path("files");
            files.properties()
                    .forEach(entry -> hashes.put(
                            entry.getKey(), entry.getValue().path("sha256").asText()));
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.CORRUPT, folder + " is damaged: " + MANIFEST + " is unreadable", e);
        }
        if (hashes.isEmpty()) {
            throw new ForetellException(ErrorCode.CORRUPT, folder + " is damaged: " + MANIFEST + " names no file");
        }
        return hashes;
    }

    /** Checks every file of a checkpoint or a version. @throws ForetellException CORRUPT, naming the file */
    static void verify(Path folder) {
        PolicyStore.verify(folder, hashes(folder));
    }

    private static ForetellException notFound(String sentence) {
        return new ForetellException(ErrorCode.NOT_FOUND, sentence);
    }
}
