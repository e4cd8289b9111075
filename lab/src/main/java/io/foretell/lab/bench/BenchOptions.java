package io.foretell.lab.bench;

import io.foretell.huggingface.RandomWeights;
import io.foretell.platform.AtomicFiles;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyOptions;
import io.foretell.policy.Precision;
import io.foretell.server.Logging;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Options of the model benchmarks, and the code that runs one. Confined to the main thread. */
public final class BenchOptions {
    /** For the small model of quick runs. */
    private static final int LITTLE_SQUARE = 512;

    @Option(names = "--json", description = "Print one JSON object instead of the table.")
    private boolean json;

    @Option(
            names = "--precision",
            paramLabel = "NAME",
            defaultValue = "both",
            description = "float32, bfloat16 or both (${DEFAULT-VALUE}).")
    private String precision;

    @Option(
            names = "--size",
            paramLabel = "SIZE",
            defaultValue = "29m",
            description = "The random model: micro, nano, tiny, small, 29m or 125m (${DEFAULT-VALUE}).")
    private String size;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            defaultValue = "5",
            description =
                    "Times that each piece of work is done (${DEFAULT-VALUE}): the fastest counts, but medians where two are compared.")
    private int rounds;

    @Option(names = "--case", paramLabel = "NAME", split = ",", description = "Only these; the manual names them.")
    private @Nullable Set<String> only;

    @Option(
            names = "--peer",
            paramLabel = "PYTHON",
            description = "A Python with torch and transformers, to be measured in turns with this program."
                    + " Start from the repository's folder.")
    private @Nullable Path python;

    int rounds() {
        return rounds;
    }

    /** Whether a case is requested by name. */
    boolean isNamed(String name) {
        return only != null && only.contains(name);
    }

    String size() {
        return size;
    }

    List<Precision> precisions() {
        return precision.equals("both")
                ? List.of(Precision.FLOAT32, Precision.BFLOAT16)
                : List.of(parsed("--precision", precision));
    }

    /** @throws IllegalArgumentException that names the option */
    public static Precision parsed(String option, String text) {
        try {
            return Precision.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(option + " is " + e.getMessage(), e);
        }
    }

    /** The peer program running {@code model}, or null if none is requested. */
    @Nullable
    TransformersPeer peer(BenchModel model, Precision of) {
        return python == null ? null : TransformersPeer.start(python, model, of);
    }

    /** The measurements of a model on a machine. */
    interface Bench {
        List<BenchCases.Case> cases(BenchModel model, ModelPeak peak);
    }

    /** Writes the model, measures the machine's peak and then the cases, and prints the report. */
    Integer run(String name, Bench bench) throws IOException {
        if (rounds < 1) {
            throw new IllegalArgumentException("--rounds is " + rounds + " but must be at least 1");
        }
        precisions();
        Path folder = Files.createTempDirectory("foretell-bench");
        Logging.into(folder.resolve("logs"));
        try {
            BenchModel model =
                    BenchModel.write(folder.resolve("model"), size, BenchModel.VOCABULARY, RandomWeights.DEVIATION);
            BenchCases.progress("peak of this machine");
            ModelPeak peak;
            try (Policy policy = model.open(Precision.FLOAT32, PolicyOptions.Use.SAMPLING)) {
                peak = ModelPeak.measure(policy, size.equals("micro") ? LITTLE_SQUARE : ModelPeak.SQUARE);
            }
            BenchReport report = new BenchReport(
                    name, peak.figures().put("threads", Policy.threads()).put("weights", model.weights()));
            BenchCases.run(BenchCases.wanted(bench.cases(model, peak), only), report);
            report.say(json);
            return report.isFailed() ? 1 : 0;
        } finally {
            AtomicFiles.deleteFolder(folder);
        }
    }
}
