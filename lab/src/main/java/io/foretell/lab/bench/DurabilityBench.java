package io.foretell.lab.bench;

import io.foretell.policy.Precision;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code foretell bench durability}: the cost of losing nothing and of giving every worker the newest weights. */
@Command(
        name = "durability",
        description = {
            "The experience buffer, checkpoints written during a training step, and weight transfer to the workers.",
            "Cases: buffer (64 KB groups), million (many small groups), checkpoint, swap; modes (two whole quickstarts, only"
                    + " where it is named)."
        },
        footer = {"", "Example: ./foretell bench durability --case checkpoint,swap --precision float32 --size 125m"},
        mixinStandardHelpOptions = true)
final class DurabilityBench implements Callable<Integer> {
    @Mixin
    private BenchOptions options;

    @Option(
            names = "--groups",
            paramLabel = "N",
            defaultValue = "1000000",
            description = "Groups of the case million (${DEFAULT-VALUE}).")
    private int groups;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            defaultValue = "configs/quickstart.yaml",
            description = "What the case modes runs (${DEFAULT-VALUE}).")
    private Path quickstart;

    @Override
    public Integer call() throws IOException {
        if (groups < 10_000) {
            throw new IllegalArgumentException("--groups is " + groups + " but must be at least 10000");
        }
        return options.run("durability", this::cases);
    }

    private List<BenchCases.Case> cases(BenchModel model, ModelPeak peak) {
        Path folder = model.folder().resolveSibling("durability");
        BufferCases buffer = new BufferCases(folder);
        WeightCases weights = new WeightCases(model, folder, options.rounds());
        List<BenchCases.Case> all = new ArrayList<>(List.of(
                new BenchCases.Case("buffer", buffer::large),
                new BenchCases.Case("million", () -> buffer.many(groups))));
        for (Precision precision : options.precisions()) {
            all.add(new BenchCases.Case("checkpoint " + precision.text(), () -> weights.checkpoint(precision)));
            all.add(new BenchCases.Case("swap " + precision.text(), () -> weights.swap(precision)));
        }
        if (options.isNamed("modes")) {
            StepBench steps = new StepBench(folder, quickstart);
            all.add(new BenchCases.Case("modes async", () -> steps.mode("async")));
            all.add(new BenchCases.Case("modes sync", () -> steps.mode("sync")));
        }
        return all;
    }
}
