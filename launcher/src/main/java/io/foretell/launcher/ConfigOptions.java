package io.foretell.launcher;

import io.foretell.platform.Configuration;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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

    Configuration<ForetellConfig> load() {
        return ForetellConfig.load(file, overrides, System.getenv());
    }
}
