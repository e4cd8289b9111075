package io.foretell.lab.bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code foretell bench}: measures this machine and this build. */
@Command(
        name = "bench",
        description = "Measure this build on this machine.",
        mixinStandardHelpOptions = true,
        subcommands = {PipelineBench.class, RolloutBench.class, LearnerBench.class, DurabilityBench.class})
public final class BenchCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Override
    public void run() {
        throw new CommandLine.ParameterException(
                spec.commandLine(), "say what to measure: pipeline, rollout, learner or durability");
    }
}
