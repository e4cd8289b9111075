package io.foretell.launcher;

import io.foretell.huggingface.ModelConfig;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Time;
import io.foretell.server.Console;
import io.foretell.server.PolicyOrigin;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code foretell init}: a fresh random model as a Hugging Face folder. */
@Command(
        name = "init",
        description = "Write a fresh random model as a Hugging Face folder.",
        mixinStandardHelpOptions = true)
final class InitCommand implements Callable<Integer> {
    private static final long QUIET_NANOS = 1_000_000_000L;

    @Parameters(paramLabel = "DIR", description = "Folder to write; must be new or empty.")
    private Path folder;

    @Option(
            names = "--arch",
            defaultValue = "qwen3",
            description = "qwen3, qwen2, llama, mistral or smollm3 (${DEFAULT-VALUE}).")
    private String arch;

    @Option(
            names = "--size",
            defaultValue = "tiny",
            description = "micro, nano, tiny, small, 29m, 125m or 0.6b (${DEFAULT-VALUE}).")
    private String size;

    @Option(
            names = "--tokenizer",
            defaultValue = "bytes",
            description =
                    "bytes, chain, chain-boxed, chain-masked, chain-sentences, rude, or the path of a tokenizer.json or its folder (${DEFAULT-VALUE}).")
    private String tokenizer;

    @Option(
            names = "--std",
            defaultValue = "0.02",
            description = "Standard deviation of the weights (${DEFAULT-VALUE}).")
    private double std;

    @Option(names = "--seed", defaultValue = "42", description = "Seed (${DEFAULT-VALUE}).")
    private long seed;

    private long lastLine = Time.system().nanos();

    @Override
    public Integer call() {
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new ForetellException(ErrorCode.CONFLICT, folder + " is a file; name a new or an empty folder");
        }
        if (!RunFolder.names(folder).isEmpty()) {
            throw new ForetellException(
                    ErrorCode.CONFLICT, folder + " is not empty and is not overwritten; name a new or an empty folder");
        }
        ModelConfig config = PolicyOrigin.write(folder, arch, size, tokenizer, std, seed, this::progress);
        Console.say(folder + ": " + arch + " with " + config.parameterCount() + " parameters and "
                + config.vocabularySize() + " tokens");
        return 0;
    }

    /** Prints one line per second of work. */
    private void progress(long bytes, long total) {
        long now = Time.system().nanos();
        if (now - lastLine > QUIET_NANOS) {
            lastLine = now;
            Console.say("writing " + folder + ": " + HumanSizes.format(bytes) + " of " + HumanSizes.format(total));
        }
    }
}
