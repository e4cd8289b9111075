package io.foretell.lab.experiment;

import io.foretell.platform.AtomicFiles;
import io.foretell.platform.ConfigurationException;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.JavaCommand;
import io.foretell.platform.Json;
import io.foretell.platform.Threads;
import io.foretell.server.Console;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code foretell experiment}: several seeds and a control, a curve, a table and a verdict. */
@Command(
        name = "experiment",
        description =
                "Run a learning experiment: several seeds and the control that must not learn. Writes a page with the"
                        + " curve, the table and the verdict; exits 1 if the claim is not reproduced.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example: foretell experiment quickstart --seeds 1,2,3"})
public final class ExperimentCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "NAME",
            description = "quickstart, rpt, rlpt, pretrainzero, self-improving or phf-conditional")
    private String name;

    @Option(names = "--seeds", split = ",", defaultValue = "1,2,3", description = "Seeds (${DEFAULT-VALUE}).")
    private List<Long> seeds;

    @Option(names = "--out", defaultValue = "docs/experiments", description = "Folder of the page (${DEFAULT-VALUE}).")
    private Path out;

    @Option(
            names = "--run-dir",
            defaultValue = "runs/experiments",
            description = "Folder of the runs (${DEFAULT-VALUE}).")
    private Path runs;

    @Option(names = "--minutes", defaultValue = "20", description = "Most minutes of one run (${DEFAULT-VALUE}).")
    private long minutes;

    @Option(names = "--reuse", description = "Use runs that are finished already instead of running them again.")
    private boolean reuse;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Experiment experiment = Experiment.ALL.stream()
                .filter(known -> known.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new ConfigurationException("there is no experiment '" + name + "'; known are "
                        + Experiment.ALL.stream().map(Experiment::name).toList()));
        String configuration = experiment.configuration();
        Map<Long, Path> finished = new LinkedHashMap<>();
        for (long seed : seeds) {
            finished.put(seed, run(experiment.name() + "-" + seed, configuration, seed, List.of()));
        }
        Baseline baseline = experiment.baseline();
        Map<Long, Path> baselines = new LinkedHashMap<>();
        for (long seed : baseline == null ? List.<Long>of() : seeds) {
            baselines.put(
                    seed, run(experiment.name() + "-baseline-" + seed, baseline.configuration(), seed, List.of()));
        }
        long first = seeds.get(0);
        Path control =
                run(experiment.name() + "-control-" + first, configuration, first, List.of(experiment.control()));
        ExperimentPage page = new ExperimentPage(
                experiment,
                "./foretell experiment " + name + " --seeds "
                        + String.join(",", seeds.stream().map(String::valueOf).toList()));
        for (Map.Entry<Long, Path> each : finished.entrySet()) {
            page.add("seed " + each.getKey(), false, each.getValue());
        }
        for (Map.Entry<Long, Path> each : baselines.entrySet()) {
            page.addBaseline(each.getKey(), each.getValue(), finished.get(each.getKey()));
        }
        page.add("control, seed " + first, true, control);
        return page.write(out) ? 0 : 1;
    }

    /** Whether the run finished; a stopped run has a summary too. */
    private static boolean isFinished(Path folder) throws IOException {
        Path summary = folder.resolve("summary.json");
        return Files.isRegularFile(summary)
                && Json.mapper()
                        .readTree(Files.readAllBytes(summary))
                        .path("state")
                        .asText()
                        .equals("finished");
    }

    /**
     * Runs one configuration in its own process.
     *
     * @return the run's folder
     */
    private Path run(String run, String configuration, long seed, List<String> more)
            throws IOException, InterruptedException {
        Path folder = runs.resolve(run);
        if (reuse && isFinished(folder)) {
            return folder;
        }
        AtomicFiles.deleteFolder(folder);
        Files.createDirectories(runs);
        List<String> arguments = new ArrayList<>(List.of("up", "-c", configuration));
        List<String> overrides = new ArrayList<>(List.of(
                "run.name=" + run, "run.dir=" + runs, "run.seed=" + seed, "http.port=0", "resume_mode=disable"));
        overrides.addAll(more);
        overrides.forEach(override -> arguments.addAll(List.of("--set", override)));
        Console.say(run + " …");
        Path log = runs.resolve(run + ".log");
        String program = spec.root().userObject().getClass().getName();
        Process process = new ProcessBuilder(JavaCommand.of(List.of("-Xmx1g", "-XX:+UseSerialGC"), program, arguments))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        Thread guard = Threads.atExit("stop-" + run, process::destroy);
        if (!process.waitFor(minutes, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new ForetellException(
                    ErrorCode.TIMEOUT, run + " was not over after " + minutes + " minutes; see " + log);
        }
        Runtime.getRuntime().removeShutdownHook(guard);
        if (process.exitValue() != 0) {
            throw new ForetellException(ErrorCode.INTERNAL, run + " failed; see " + log);
        }
        return folder;
    }
}
