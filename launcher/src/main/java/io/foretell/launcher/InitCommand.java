package io.foretell.launcher;

import io.foretell.policy.ModelConfig;
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
    @Parameters(paramLabel = "DIR", description = "Folder to write.")
    private Path folder;

    @Option(names = "--arch", defaultValue = "qwen3", description = "qwen3, qwen2 or llama (${DEFAULT-VALUE}).")
    private String arch;

    @Option(
            names = "--size",
            defaultValue = "tiny",
            description = "micro, nano, tiny, small, 29m or 125m (${DEFAULT-VALUE}).")
    private String size;

    @Option(
            names = "--tokenizer",
            defaultValue = "bytes",
            description = "bytes, chain, or the path of a tokenizer.json (${DEFAULT-VALUE}).")
    private String tokenizer;

    @Option(
            names = "--std",
            defaultValue = "0.02",
            description = "Standard deviation of the weights (${DEFAULT-VALUE}).")
    private double std;

    @Option(names = "--seed", defaultValue = "42", description = "Seed (${DEFAULT-VALUE}).")
    private long seed;

    @Override
    public Integer call() {
        ModelConfig config = PolicyOrigin.write(folder, arch, size, tokenizer, std, seed);
        Console.say(folder + ": " + arch + " with " + config.parameterCount() + " parameters and "
                + config.vocabularySize() + " tokens");
        return 0;
    }
}
