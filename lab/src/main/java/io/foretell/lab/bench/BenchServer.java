package io.foretell.lab.bench;

import io.foretell.domain.LearnerProgress;
import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.PublishedWeights;
import io.foretell.learner.Learner;
import io.foretell.objectives.Objectives;
import io.foretell.platform.Configuration;
import io.foretell.server.Console;
import io.foretell.server.ForetellConfig;
import io.foretell.server.LearnerRole;
import io.foretell.server.Logging;
import io.foretell.server.PolicyOrigin;
import io.foretell.server.ProcessEnd;
import io.foretell.server.RewardRole;
import io.foretell.server.RolloutRole;
import io.foretell.server.Server;
import io.foretell.server.StreamsRole;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;

/**
 * The server that a benchmark measures, in its own process. With {@code streams} it only takes documents, until
 * standard input ends; with {@code run} it runs all roles until the phases are done. It reports to the benchmark on
 * standard output, one line each: {@code READY url bootstrap} and {@code MEMORY step resident-bytes heap-bytes}.
 */
final class BenchServer {
    static final String READY = "READY ";
    static final String MEMORY = "MEMORY ";

    private BenchServer() {}

    /** @param args {@code streams} or {@code run}, then the configuration file */
    public static void main(String[] args) throws IOException {
        Configuration<ForetellConfig> configuration = ForetellConfig.load(Path.of(args[1]), List.of(), Map.of());
        Logging.into(configuration.values().folder().resolve("logs"));
        Path origin = PolicyOrigin.folder(configuration.values());
        Server server = new Server(configuration, "bench", Objectives.builtIn());
        int status = 0;
        try {
            if (args[0].equals("streams")) {
                takeDocuments(server, origin);
            } else {
                runPhases(server, origin);
            }
            server.stop();
        } catch (RuntimeException | ExecutionException | InterruptedException e) {
            System.err.println(e);
            status = 1;
        }
        ProcessEnd.halt(status);
    }

    /* No learner runs, so the feeder issues its window of tasks and then waits, as it does when a learner is busy. */
    private static void takeDocuments(Server server, Path origin) throws IOException {
        server.start(List.of(wiring -> {
            String run = wiring.config().run().name();
            PublishedWeights weights =
                    new PublishedWeights(run, 0, origin.toAbsolutePath().toString(), Map.of());
            wiring.feed().publish(new PolicyAnnouncement(weights, LearnerProgress.NONE));
            return new StreamsRole(wiring);
        }));
        Console.say(READY + server.url() + " " + server.bootstrap());
        while (System.in.read() >= 0) {
            // only the end counts
        }
    }

    private static void runPhases(Server server, Path origin) throws ExecutionException, InterruptedException {
        LearnerRole[] learner = new LearnerRole[1];
        server.start(List.of(
                wiring -> learner[0] = new LearnerRole(wiring, origin, Long.MAX_VALUE, BenchServer::watchMemory),
                RewardRole::new,
                RolloutRole::new,
                StreamsRole::new));
        Console.say(READY + server.url() + " " + server.bootstrap());
        learner[0].finished().get();
    }

    private static void watchMemory(Learner.ProgressLine line) {
        if (line.metrics().get("step") instanceof Long step
                && (step == 10 || isNear(step, 100) || isNear(step, 500))
                && line.metrics().containsKey("timing_s/step")) {
            if (step % 100 == 0 || step == 10) {
                System.gc();
            }
            long heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
            Console.say(MEMORY + step + " " + residentBytes() + " " + heap);
        }
    }

    /**
     * Several readings near a step are used, because short-lived memory makes a single reading as much chance as
     * growth.
     */
    private static boolean isNear(long step, long wanted) {
        return Math.abs(step - wanted) <= 10 && step <= 500;
    }

    private static long residentBytes() {
        try {
            return ResidentMemory.bytes("VmRSS:");
        } catch (IOException e) {
            return 0; // not Linux
        }
    }
}
