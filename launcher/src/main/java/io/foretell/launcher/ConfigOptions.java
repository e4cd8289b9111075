package io.foretell.launcher;

import io.foretell.platform.Configuration;
import io.foretell.platform.Json;
import io.foretell.server.ForetellConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options of every command that reads a configuration. Confined to the main thread. */
final class ConfigOptions {
    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            description = "The configuration; see configs/.")
    private @Nullable Path file;

    @Option(
            names = "--set",
            paramLabel = "section.key=value",
            description = "Overrides one key, may be given many times. The value is YAML.")
    private List<String> overrides = new ArrayList<>();

    @Option(
            names = "--documents",
            split = ",",
            paramLabel = "PATH",
            description = "Files, folders or globs of documents, in place of documents.sources.")
    private List<String> documents = new ArrayList<>();

    Configuration<ForetellConfig> load() {
        List<String> all = new ArrayList<>();
        if (!documents.isEmpty()) {
            List<Map<String, String>> sources =
                    documents.stream().map(path -> Map.of("files", path)).toList();
            all.add("documents.sources=" + Json.mapper().valueToTree(sources));
        }
        all.addAll(overrides);
        return ForetellConfig.load(file, all, System.getenv());
    }
}
