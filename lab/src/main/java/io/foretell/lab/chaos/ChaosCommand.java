package io.foretell.lab.chaos;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.buffer.ExperienceBuffer;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.objectives.ProxyModels;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.Json;
import io.foretell.platform.Time;
import io.foretell.server.Console;
import io.foretell.server.ForetellConfig;
import io.foretell.server.Logging;
import io.foretell.server.Plugins;
import io.foretell.server.PolicyOrigin;
import io.foretell.server.Wiring;
import io.foretell.streams.Codecs;
import io.foretell.streams.EmbeddedBroker;
import io.foretell.streams.Topics;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.apache.commons.statistics.inference.KolmogorovSmirnovTest;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code foretell chaos}: a real run under random kills, and an audit of the result. */
@Command(
        name = "chaos",
        description =
                "Run the real server under random kills (SIGKILL to each role, the broker, and all in one process),"
                        + " then audit it: no group lost or trained on twice, staleness bounded, weights equal bit for bit to a"
                        + " replay without interruption. Exits 1 if that does not hold.",
        mixinStandardHelpOptions = true,
        footer = {"", "Example: foretell chaos --kills 10 --steps 60"})
public final class ChaosCommand implements Callable<Integer> {
    private static final double SUSPICIOUS = 0.01;

    @Spec
    private CommandSpec spec;

    @Option(names = "--kills", paramLabel = "N", defaultValue = "60", description = "Kills (${DEFAULT-VALUE}).")
    private int kills;

    @Option(names = "--steps", paramLabel = "N", defaultValue = "300", description = "Steps (${DEFAULT-VALUE}).")
    private int steps;

    @Option(names = "--seed", paramLabel = "S", description = "Of the kills; a new one every time when left out.")
    private @Nullable Long seed;

    @Option(names = "--mode", defaultValue = "sync", description = "sync or async (${DEFAULT-VALUE}).")
    private String mode;

    @Option(names = "--run-dir", defaultValue = "runs", description = "Folder of the run (${DEFAULT-VALUE}).")
    private Path runs;

    @Option(names = "--json", description = "Print the figures as one JSON object, as the last line.")
    private boolean json;

    @Override
    public Integer call() throws IOException, InterruptedException {
        if (kills < 3 || steps < 40) {
            throw new IllegalArgumentException("--kills is " + kills + " and --steps " + steps
                    + " but there must be at least 3 kills, and 40 steps for them to fall on");
        }
        long chosen = seed == null ? Time.system().nanos() : seed;
        Path folder = runs.resolve("chaos").toAbsolutePath();
        AtomicFiles.deleteFolder(folder);
        AtomicFiles.deleteFolder(runs.resolve("chaos-logs"));
        Files.createDirectories(folder);
        Logging.into(folder.resolve("logs").resolve("chaos"));
        ForetellConfig config =
                ForetellConfig.load(write(), List.of(), Map.of()).values();
        Console.say("chaos: " + kills + " kills in " + steps + " steps, " + mode + ", seed " + chosen + ", folder "
                + folder);
        long begin = Time.system().nanos();
        StepLog log = new StepLog(folder.resolve("metrics.jsonl"));
        List<ChaosRun.Kill> done;
        int revived;
        try (ChaosServer server = new ChaosServer(
                spec.root().userObject().getClass().getName(),
                runs.resolve("chaos.yaml").toAbsolutePath(),
                folder,
                runs.resolve("chaos-logs"),
                freePort())) {
            done = new ChaosRun(server, log, kills, steps, new SplittableRandom(chosen)).run();
            revived = server.revived();
        }
        double wall = (Time.system().nanos() - begin) / 1e9;
        return report(config, folder, log, done, revived, wall, chosen);
    }

    /** Writes the configuration file that all processes share. */
    private Path write() throws IOException {
        int reading = steps / 10;
        try (InputStream base = Objects.requireNonNull(ChaosCommand.class.getResourceAsStream("/chaos.yaml"))) {
            String yaml = new String(base.readAllBytes())
                    + String.format(
                            Locale.ROOT,
                            "run: {name: chaos, dir: '%s', seed: 1, mode: %s}%n"
                                    + "phases: [{objective: ntp, steps: %d, domains: [plain, thought], learning_rate: 2e-3},"
                                    + " {objective: rlp, steps: %d, learning_rate: 3e-4, options: {min_prefix: 5}}]%n",
                            runs.toAbsolutePath(),
                            mode,
                            reading,
                            steps - reading);
            return Files.writeString(runs.resolve("chaos.yaml"), yaml);
        }
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private int report(
            ForetellConfig config,
            Path folder,
            StepLog log,
            List<ChaosRun.Kill> done,
            int revived,
            double wall,
            long chosen) {
        Map<String, String> states = new TreeMap<>();
        try (ExperienceBuffer buffer =
                ExperienceBuffer.open(folder.resolve("buffer"), Codecs.scoredGroup(), (record, reason) -> {})) {
            buffer.audit(states::put);
        }
        ChaosTopics topics;
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"))) {
            topics =
                    ChaosTopics.read(broker.bootstrap(), new Topics(config.run().name()));
        }
        ObjectNode figures = Json.mapper().createObjectNode();
        figures.put("kills", done.size()).put("steps", steps).put("mode", mode).put("seed", chosen);
        ChaosAudit audit = audit(config, folder, log, topics, states, figures);
        WastedSampling lost = WastedSampling.of(topics, states, done);
        figures.put("generation_seconds", round(lost.total()))
                .put("generation_seconds_repeated", round(lost.repeated()))
                .put("generation_seconds_dropped", round(lost.dropped()))
                .put("generation_seconds_in_flight_at_most", round(lost.inFlight()))
                .put("generation_seconds_lost_per_kill", round(lost.lost() / done.size()));
        recovery(done, figures);
        figures.set("dropped", Json.mapper().valueToTree(reasons(states)));
        figures.put("processes_restarted_by_themselves", revived).put("wall_seconds", round(wall));
        figures.set("violations", Json.mapper().valueToTree(audit.violations()));
        if (json) {
            Console.say(figures.toString());
        } else {
            figures.properties().forEach(figure -> Console.say("  " + figure.getKey() + ": " + figure.getValue()));
            Console.say(audit.violations().isEmpty() ? "everything holds" : "IT DOES NOT HOLD");
        }
        audit.violations().forEach(Console::warn);
        return audit.violations().isEmpty() ? 0 : 1;
    }

    private ChaosAudit audit(
            ForetellConfig config,
            Path folder,
            StepLog log,
            ChaosTopics topics,
            Map<String, String> states,
            ObjectNode figures) {
        Path origin = PolicyOrigin.folder(config);
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(origin)) {
            ChaosAudit audit = new ChaosAudit(
                    Wiring.learnerRun(
                            config,
                            Wiring.objectives(
                                    config, Plugins.load(System.getenv()).objectives(), tokenizer, ProxyModels.NONE),
                            origin,
                            steps),
                    config.isSync()
                            ? 0
                            : config.training().learner().offPolicy().maxOffPolicySteps(),
                    config.training().learner().batch().promptsPerStep(),
                    topics,
                    states);
            figures.put("groups_issued", topics.tasks().size())
                    .put("groups_lost", audit.lost())
                    .put("groups_issued_twice", audit.issuedTwice())
                    .put("groups_trained_twice", audit.trainedTwice(log.all(), steps))
                    .put("rollouts_beyond_staleness", audit.beyondStaleness())
                    .put("tasks_beyond_gate", audit.beyondGate());
            int before = audit.violations().size();
            Map<Long, String> replayed = audit.replay(
                    steps,
                    folder.resolve("replay"),
                    folder.resolve(String.format(Locale.ROOT, "checkpoints/%06d", steps)));
            figures.put("weights_equal_replay", audit.violations().size() == before)
                    .put("groups_of_lost_weights", audit.ofOtherHistory(replayed));
            lengths(topics, audit, figures);
            return audit;
        }
    }

    /**
     * Compares response lengths: long responses are in flight longer, so a system that lost them would train on short
     * ones.
     */
    private static void lengths(ChaosTopics topics, ChaosAudit audit, ObjectNode figures) {
        double[] trained =
                lengths(audit.batches().values().stream().flatMap(List::stream).map(scored -> scored.group()));
        double[] produced = lengths(topics.rollouts().stream());
        if (trained.length == 0 || produced.length == 0) {
            return;
        }
        KolmogorovSmirnovTest.TwoResult test = compare(trained, produced);
        figures.put("trained_lengths", trained.length)
                .put(
                        "trained_length_mean",
                        round(Arrays.stream(trained).average().orElse(0)))
                .put("produced_lengths", produced.length)
                .put(
                        "produced_length_mean",
                        round(Arrays.stream(produced).average().orElse(0)))
                .put("length_ks_statistic", round(test.getStatistic()))
                .put("length_ks_probability", round(test.getPValue()));
        audit.report(
                test.getPValue() < SUSPICIOUS,
                "the lengths of trained thoughts are not those of produced ones: D = " + test.getStatistic() + ", p = "
                        + test.getPValue());
    }

    /**
     * Tests whether both samples come from one distribution, by the two-sample Kolmogorov-Smirnov test. Lengths
     * repeat; the p-value accounts for ties only if it is computed exactly, and is otherwise too large rather than
     * too small.
     */
    static KolmogorovSmirnovTest.TwoResult compare(double[] first, double[] second) {
        return KolmogorovSmirnovTest.withDefaults().test(first, second);
    }

    private static double[] lengths(Stream<RolloutGroup> groups) {
        return groups.flatMap(group -> group.rollouts().stream())
                .mapToDouble(Rollout::sampledLength)
                .toArray();
    }

    private static void recovery(List<ChaosRun.Kill> done, ObjectNode figures) {
        Map<String, List<ChaosRun.Kill>> byVictim = done.stream()
                .filter(kill -> kill.recoverySeconds() >= 0)
                .collect(Collectors.groupingBy(ChaosRun.Kill::victim, TreeMap::new, Collectors.toList()));
        ObjectNode recovery = figures.putObject("recovery_seconds");
        byVictim.forEach((victim, kills) -> {
            double[] sorted = kills.stream()
                    .mapToDouble(ChaosRun.Kill::recoverySeconds)
                    .sorted()
                    .toArray();
            recovery.putObject(victim)
                    .put("kills", sorted.length)
                    .put("median", round(sorted[sorted.length / 2]))
                    .put("max", round(DoubleStream.of(sorted).max().orElse(0)));
        });
    }

    private static Map<String, Long> reasons(Map<String, String> states) {
        return states.values().stream()
                .filter(state -> state.startsWith("DROPPED "))
                .map(state -> state.substring("DROPPED ".length()).split(": ", 2)[0])
                .collect(Collectors.groupingBy(reason -> reason, TreeMap::new, Collectors.counting()));
    }

    private static double round(double value) {
        return Math.round(value * 1e4) / 1e4;
    }
}
