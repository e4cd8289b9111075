package io.foretell.lab.bench;

import io.foretell.policy.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code foretell bench rollout}: how fast a model samples, and how closely its log-probabilities match the
 * learner's.
 */
@Command(
        name = "rollout",
        description = {
            "Sampling and scoring of a random model, against the machine's matrix products and memory.",
            "Cases: scoring-memory, batch64, batch1, group, continuous, agreement, swap."
        },
        footer = {"", "Example: ./foretell bench rollout --precision bfloat16 --case batch64,batch1"},
        mixinStandardHelpOptions = true)
final class RolloutBench implements Callable<Integer> {
    @Mixin
    private BenchOptions options;

    @Override
    public Integer call() throws IOException {
        return options.run("rollout", this::cases);
    }

    private List<BenchCases.Case> cases(BenchModel model, ModelPeak peak) {
        List<Precision> precisions = options.precisions();
        List<BenchCases.Case> all = new ArrayList<>();
        /*
         * First, because memory that earlier cases returned to the allocator would hide some of what scoring needs.
         */
        ScoringCases scoring = new ScoringCases(model, options);
        add(all, "scoring-memory", precisions, scoring::memory);
        SamplingCases sampling = new SamplingCases(model, peak, options);
        add(all, "batch64", precisions, sampling::batch);
        add(all, "batch1", precisions, sampling::single);
        add(all, "group", precisions, sampling::group);
        add(all, "continuous", precisions, sampling::continuous);
        List<Precision> compared = new ArrayList<>(precisions);
        if (compared.size() > 1) {
            compared.add(Precision.FP8_EMULATED);
        }
        add(all, "agreement", compared, scoring::agreement);
        add(all, "swap", precisions, scoring::swap);
        return all;
    }

    /** A measurement of one precision. */
    private interface Measure {
        BenchReport.Figures of(Precision precision);
    }

    private static void add(List<BenchCases.Case> all, String kind, List<Precision> precisions, Measure measure) {
        for (Precision precision : precisions) {
            all.add(new BenchCases.Case(kind + " " + precision.text(), () -> measure.of(precision)));
        }
    }
}
