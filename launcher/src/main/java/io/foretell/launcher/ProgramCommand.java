package io.foretell.launcher;

import io.foretell.lab.bench.BenchOptions;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyOptions;
import io.foretell.server.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code foretell program}: exports the model's program as a file that PyTorch loads. */
@Command(
        name = "program",
        description = {
            "Write the TorchScript program for a model's architecture: what samples, scores and learns here, for"
                    + " torch.jit.load of PyTorch 2.7 or newer. It contains no weights.",
            "Every argument is a tensor, and what is calculated is where they are. In this order:",
            "  configure(inv_freq, windows, rotary)  rotary frequencies (head_dim/2), and per layer its sliding window"
                    + " or 0 and whether it turns queries and keys;",
            "  stage(tensor)  for each tensor of model.safetensors in the order embedding, layers, last norm, head;"
                    + " then use_staged(0, parts), parts saying how many staged tensors make one (3 for queries, keys"
                    + " and values);",
            "  score(0, tokens, rows, targets)  log-probabilities of targets after rows of the flattened tokens;",
            "  allocate_caches, prefill, decode  sampling; start_training(0), forward, backward, step  learning.",
            "The program's text, code/__torch__.py in the archive, says what each takes and gives back;"
                    + " tests/peers/load_program.py calls all of them, and tests/peers/eager_policy.py"
                    + " runs the same text as plain Python."
        },
        footer = {"", "Example: ./foretell program my-model my-model.pt --device any --precision bfloat16"},
        mixinStandardHelpOptions = true)
final class ProgramCommand implements Callable<Integer> {
    @Parameters(index = "0", paramLabel = "DIR", description = "A Hugging Face folder, or a run's folder.")
    private Path model;

    @Parameters(index = "1", paramLabel = "OUT.pt", description = "File to write.")
    private Path file;

    @Option(
            names = "--device",
            paramLabel = "cpu|any",
            defaultValue = "cpu",
            description = "cpu: with products that only processors have; any: without, for accelerators too"
                    + " (${DEFAULT-VALUE}).")
    private String device;

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            defaultValue = "float32",
            description = "float32, bfloat16 or fp8-emulated (${DEFAULT-VALUE}).")
    private String precision;

    @Override
    public Integer call() {
        boolean onProcessor = switch (device) {
            case "cpu" -> true;
            case "any" -> false;
            default -> throw new IllegalArgumentException("--device is '" + device + "' but must be cpu or any");
        };
        Path folder = RunFolder.model(model);
        byte[] archive = Policy.program(
                folder, PolicyOptions.DEFAULT.with(BenchOptions.parsed("--precision", precision)), onProcessor);
        try {
            Files.write(file, archive);
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot write " + file + ": " + e.getMessage(), e);
        }
        Console.say(file + ": the program of " + folder + ", " + precision + ", " + HumanSizes.format(archive.length));
        return 0;
    }
}
