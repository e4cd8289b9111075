package io.foretell.launcher;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import io.foretell.platform.Time;
import io.foretell.server.Console;
import io.foretell.streams.DeadLetter;
import io.foretell.streams.DeadLetters;
import io.foretell.streams.QueueDepths;
import io.foretell.streams.RecordSender;
import io.foretell.streams.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code foretell inspect}: shows a run's folder, its topics and its server. */
@Command(
        name = "inspect",
        description = {
            "Say where a run is, without a running server: configuration, last metrics, checkpoints (each file checked),"
                    + " policy versions, and the buffer of scored groups.",
            "The run may be up; then its buffer is in use, and --url asks the run itself."
        },
        footer = {
            "",
            "Examples: ./foretell inspect quickstart",
            "          ./foretell inspect quickstart --url http://127.0.0.1:8080 --bootstrap 127.0.0.1:9092 --json"
        },
        mixinStandardHelpOptions = true)
final class InspectCommand implements Callable<Integer> {
    private static final Duration DEADLINE = Duration.ofSeconds(10);
    private static final int LETTERS = 10;

    @Parameters(paramLabel = "RUN", description = "The run's name, or its folder.")
    private String run;

    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            defaultValue = "runs",
            description = "Where runs live (${DEFAULT-VALUE}).")
    private Path runDir;

    @Option(
            names = "--bootstrap",
            paramLabel = "ADDRESS",
            description = "Also ask this Kafka for the depths of the run's queues and the last dead letters.")
    private @Nullable String bootstrap;

    @Option(names = "--url", paramLabel = "URL", description = "Also ask the run's server for its status.")
    private @Nullable String url;

    @Option(names = "--api-key-file", paramLabel = "FILE", description = "A file with the server's API key (none).")
    private @Nullable Path apiKeyFile;

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean json;

    @Override
    public Integer call() throws InterruptedException {
        RunReport reader = new RunReport(RunFolder.find(run, runDir));
        ObjectNode report = reader.read();
        if (bootstrap != null) {
            kafka(report, reader, bootstrap);
        }
        if (url != null) {
            status(report, url);
        }
        if (json) {
            Console.say(report.toString());
        } else {
            RunReportText.lines(report).forEach(Console::say);
        }
        return report.has("kafka_problem") || report.has("status_problem") ? 1 : 0;
    }

    private static void kafka(ObjectNode report, RunReport reader, String bootstrap) {
        Topics topics = new Topics(reader.topicPrefix());
        try (QueueDepths depths = new QueueDepths(bootstrap, topics, reader::positions, DEADLINE)) {
            Map<String, Long> queues = new LinkedHashMap<>(depths.read());
            if (reader.positions().isEmpty()) {
                queues.remove("scored-groups"); // the buffer stores the learner's position
            }
            report.set("queues", Json.mapper().valueToTree(queues));
            ArrayNode letters = report.putArray("dead_letters");
            try (RecordSender sender = new RecordSender(bootstrap)) {
                for (DeadLetter letter : new DeadLetters(bootstrap, topics, sender).read(LETTERS, Time.system())) {
                    letters.addObject()
                            .put("topic", letter.topic())
                            .put("partition", letter.partition())
                            .put("offset", letter.offset())
                            .put("key", letter.key())
                            .put("reason", letter.reason());
                }
            }
        } catch (ForetellException e) {
            report.put("kafka_problem", bootstrap + ": " + e.getMessage());
        }
    }

    private void status(ObjectNode report, String address) throws InterruptedException {
        try {
            report.set(
                    "status",
                    new DocumentClient(address, apiKeyFile, pause -> Thread.sleep(pause.toMillis())).get("/v1/status"));
        } catch (ForetellException e) {
            report.put("status_problem", String.valueOf(e.getMessage()));
        }
    }
}
