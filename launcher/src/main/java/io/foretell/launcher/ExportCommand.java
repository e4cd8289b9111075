package io.foretell.launcher;

import io.foretell.platform.AtomicFiles;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.server.Console;
import io.foretell.weightsync.PolicyStore;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code foretell export}: a run's policy as a Hugging Face folder. */
@Command(
        name = "export",
        description = {
            "Copy a run's policy into a Hugging Face folder: config.json, model.safetensors, tokenizer.json.",
            "Takes the newest published version, or the latest checkpoint where none is published. Every file is"
                    + " checked against the sha-256 it was written with. The run may be up."
        },
        footer = {"", "Example: ./foretell export quickstart my-model"})
final class ExportCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "RUN", description = "The run's name, or its folder.")
    private String run;

    @Parameters(index = "1", paramLabel = "DIR", description = "Folder to write; must be new or empty.")
    private Path target;

    @Option(names = "--version", paramLabel = "N", description = "A certain published version (the newest).")
    private @Nullable Long version;

    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            defaultValue = "runs",
            description = "Where runs live (${DEFAULT-VALUE}).")
    private Path runDir;

    @Option(names = "--with-teacher", description = "Also write the moving average of the weights, ema.safetensors.")
    private boolean withTeacher;

    // the usual mixin would claim --version
    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            description = "Show this help message and exit.")
    private boolean help;

    @Override
    public Integer call() {
        RunFolder found = RunFolder.find(run, runDir);
        Path source = source(found);
        refuseOverwriting();
        Map<String, String> hashes = RunFolder.hashes(source);
        PolicyStore.verify(source, hashes);
        hashes.keySet().removeIf(name -> !isExported(name));
        copy(source, new TreeMap<>(hashes));
        Console.say(target + ": " + source + ", " + String.join(", ", hashes.keySet()));
        return 0;
    }

    private Path source(RunFolder found) {
        List<Long> versions = found.versions();
        if (version != null) {
            if (!versions.contains(version)) {
                throw new ForetellException(
                        ErrorCode.NOT_FOUND,
                        "run " + found.name() + " has no version " + version + " (any more); kept are "
                                + (versions.isEmpty() ? "none" : versions));
            }
            return found.version(version);
        }
        if (!versions.isEmpty()) {
            return found.version(versions.get(versions.size() - 1));
        }
        OptionalLong step = found.latestCheckpoint();
        if (step.isEmpty()) {
            throw new ForetellException(
                    ErrorCode.NOT_FOUND,
                    "run " + found.name() + " has published no policy and written no checkpoint yet");
        }
        return found.checkpoint(step.getAsLong());
    }

    private void refuseOverwriting() {
        if (Files.exists(target) && !Files.isDirectory(target)) {
            throw new ForetellException(ErrorCode.CONFLICT, target + " is a file; name a new or an empty folder");
        }
        if (!RunFolder.names(target).isEmpty()) {
            throw new ForetellException(
                    ErrorCode.CONFLICT, target + " is not empty and is not overwritten; name a new or an empty folder");
        }
    }

    private boolean isExported(String name) {
        return name.equals("config.json")
                || name.equals("generation_config.json")
                || name.startsWith("tokenizer")
                || name.startsWith("model")
                || withTeacher && name.startsWith("ema");
    }

    /**
     * Copies to a temporary folder, verifies the copy (the source may have been replaced meanwhile), and renames it.
     */
    private void copy(Path source, Map<String, String> hashes) {
        Path aside = target.toAbsolutePath().normalize();
        aside = aside.resolveSibling(aside.getFileName() + ".aside");
        AtomicFiles.deleteFolder(aside);
        try {
            Files.createDirectories(aside);
            for (String name : hashes.keySet()) {
                Files.copy(source.resolve(name), aside.resolve(name));
            }
            PolicyStore.verify(aside, hashes);
            Files.deleteIfExists(target);
            AtomicFiles.publishFolder(aside, target);
        } catch (IOException e) {
            throw new ForetellException(
                    ErrorCode.STORAGE, "cannot copy " + source + " to " + target + ": " + e.getMessage(), e);
        } finally {
            AtomicFiles.deleteFolder(aside);
        }
    }
}
