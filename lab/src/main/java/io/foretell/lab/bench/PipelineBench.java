package io.foretell.lab.bench;

import io.foretell.platform.AtomicFiles;
import io.foretell.server.Console;
import io.foretell.server.Logging;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code foretell bench pipeline}: documents per second into Kafka, tasks per second through the whole pipeline, and
 * a step's time outside the model. Every case runs the real server in its own process; the load generator runs here,
 * on the same machine.
 */
@Command(
        name = "pipeline",
        description = "Documents/s over HTTP and Kafka, tasks/s through the whole path, time and memory of steps.",
        mixinStandardHelpOptions = true)
final class PipelineBench implements Callable<Integer> {
    @Option(names = "--json", description = "Print one JSON object instead of the table.")
    private boolean json;

    @Option(
            names = "--seconds",
            paramLabel = "N",
            defaultValue = "10",
            description = "Length of each of the three rounds of an ingestion case (${DEFAULT-VALUE}).")
    private int seconds;

    @Option(names = "--memory", description = "Also run 500 steps and report memory after 10, 100 and 500 (minutes).")
    private boolean memory;

    @Option(
            names = "--case",
            paramLabel = "NAME",
            split = ",",
            description = "Only these: http-documents, http-documents-ndjson, producer-documents, whole-path,"
                    + " step-overhead, memory.")
    private @Nullable Set<String> only;

    @Option(
            names = {"-c", "--config"},
            paramLabel = "FILE",
            defaultValue = "configs/quickstart.yaml",
            description = "What step-overhead shortens (${DEFAULT-VALUE}).")
    private Path quickstart;

    @Override
    public Integer call() throws IOException {
        if (seconds < 1) {
            throw new IllegalArgumentException("--seconds is " + seconds + " but must be at least 1");
        }
        Path folder = Files.createTempDirectory("foretell-bench");
        Logging.into(folder.resolve("logs"));
        try {
            return measure(folder);
        } finally {
            AtomicFiles.deleteFolder(folder);
        }
    }

    private int measure(Path folder) {
        List<BenchCases.Case> cases = BenchCases.wanted(cases(folder), only);
        BenchCases.progress("peak of this machine");
        BenchReport report = new BenchReport("pipeline", MachinePeak.measure(folder.resolve("peak")));
        BenchCases.run(cases, report);
        report.say(json);
        if (!json) {
            Console.say("The load generator shares the machine with the server it loads.");
        }
        return report.isFailed() ? 1 : 0;
    }

    private List<BenchCases.Case> cases(Path folder) {
        IngestionBench ingestion = new IngestionBench(folder, seconds);
        StepBench steps = new StepBench(folder, quickstart);
        List<BenchCases.Case> all = new ArrayList<>(List.of(
                new BenchCases.Case("http-documents", ingestion::http),
                new BenchCases.Case("http-documents-ndjson", ingestion::lines),
                new BenchCases.Case("producer-documents", ingestion::producer),
                new BenchCases.Case("whole-path", steps::wholePath),
                new BenchCases.Case("step-overhead", steps::overhead)));
        if (memory || only != null && only.contains("memory")) {
            all.add(new BenchCases.Case("memory", steps::memory));
        }
        return all;
    }
}
