package io.foretell.launcher;

import io.foretell.platform.ForetellException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code foretell bench pipeline}: documents per second into Kafka, tasks per second through the whole path, and what a
 * step spends outside the model. Every case runs the real server in a process of its own; what loads it runs here, on
 * the same machine.
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

    /** A named measurement. */
    private record Case(String name, Callable<BenchReport.Figures> measure) {}

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
            delete(folder);
        }
    }

    private int measure(Path folder) {
        List<Case> cases = wanted(folder);
        progress("peak of this machine");
        BenchReport report = new BenchReport("pipeline", MachinePeak.measure(folder.resolve("peak")));
        boolean isFailed = false;
        for (Case each : cases) {
            progress(each.name());
            try {
                report.add(each.name(), each.measure().call());
            } catch (ForetellException | IllegalStateException e) {
                Console.warn(each.name() + " failed: " + e.getMessage());
                report.addFailure(each.name(), String.valueOf(e.getMessage()));
                isFailed = true;
            } catch (Exception e) {
                throw new IllegalStateException(each.name() + " failed: " + e, e);
            }
        }
        if (json) {
            Console.say(report.json());
        } else {
            report.table().forEach(Console::say);
            Console.say("The load generator shares the machine with the server it loads.");
        }
        return isFailed ? 1 : 0;
    }

    private List<Case> wanted(Path folder) {
        IngestionBench ingestion = new IngestionBench(folder, seconds);
        StepBench steps = new StepBench(folder, quickstart);
        List<Case> all = new ArrayList<>(List.of(
                new Case("http-documents", ingestion::http),
                new Case("http-documents-ndjson", ingestion::lines),
                new Case("producer-documents", ingestion::producer),
                new Case("whole-path", steps::wholePath),
                new Case("step-overhead", steps::overhead)));
        if (memory || only != null && only.contains("memory")) {
            all.add(new Case("memory", steps::memory));
        }
        if (only == null) {
            return all;
        }
        List<String> names = all.stream().map(Case::name).toList();
        only.stream().filter(name -> !names.contains(name)).findFirst().ifPresent(name -> {
            throw new IllegalArgumentException("there is no case '" + name + "'; known are " + names);
        });
        return all.stream().filter(each -> only.contains(each.name())).toList();
    }

    /** Progress goes to standard error, so that standard output is the report alone. */
    static void progress(String what) {
        System.err.println("measuring " + what);
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException | UncheckedIOException e) {
            Console.warn("the folder " + folder + " is left behind: " + e.getMessage());
        }
    }
}
