package io.foretell.launcher;

import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.learner.BatchDescription;
import io.foretell.learner.TrainingPlan;
import io.foretell.objectives.Objective;
import io.foretell.platform.Configuration;
import io.foretell.platform.Metrics;
import io.foretell.policy.ProxyPolicies;
import io.foretell.server.Console;
import io.foretell.server.ForetellConfig;
import io.foretell.server.LearnerRole;
import io.foretell.server.Logging;
import io.foretell.server.Plugins;
import io.foretell.server.PolicyOrigin;
import io.foretell.server.RewardRole;
import io.foretell.server.Role;
import io.foretell.server.RolloutRole;
import io.foretell.server.Server;
import io.foretell.server.Shutdown;
import io.foretell.server.StreamsRole;
import io.foretell.server.Wiring;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code foretell up}: every role in this JVM, until the run finishes or Ctrl-C. */
@Command(
        name = "up",
        description = "Run every role in one process, Kafka included, until the phases are over or Ctrl-C.",
        mixinStandardHelpOptions = true)
final class UpCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions options;

    @Option(names = "--until-step", paramLabel = "N", description = "Stop after this step.")
    private long untilStep = Long.MAX_VALUE;

    @Option(names = "--dry-run", description = "Print the resolved configuration and the batch vocabulary, and stop.")
    private boolean dryRun;

    @Option(
            names = "--keep-serving",
            description = "When the phases are over, keep the dashboard and HTTP until Ctrl-C.")
    private boolean keepServing;

    @Override
    public Integer call() throws InterruptedException {
        Configuration<ForetellConfig> configuration = options.load();
        ForetellConfig config = configuration.values();
        if (dryRun) {
            Console.say(configuration.yaml());
        }
        StreamsRole.check(config);
        Logging.into(config.folder().resolve("logs"));
        Path origin = PolicyOrigin.folder(config);
        Plugins plugins = Plugins.load(System.getenv());
        announce(config, plugins, origin);
        if (dryRun) {
            return 0;
        }
        Server server = new Server(configuration, "up", plugins.objectives());
        Shutdown shutdown = Shutdown.install(server::stop, config.run().stopTimeout());
        LearnerRole[] learner = new LearnerRole[1];
        List<Function<Wiring, Role>> roles = List.of(
                wiring -> learner[0] = new LearnerRole(wiring, origin, untilStep, Console::progress),
                RewardRole::new,
                RolloutRole::new,
                StreamsRole::new);
        server.start(roles);
        Console.say("dashboard " + server.url() + "   kafka " + server.bootstrap() + "   folder " + config.folder());
        try {
            learner[0].finished().get();
        } catch (ExecutionException e) {
            Console.warn("the run failed: " + e.getCause().getMessage());
            shutdown.exit(1);
            return 1;
        }
        if (!shutdown.isUnderWay()) {
            SummaryTable.print(config.folder().resolve("summary.json"));
            if (keepServing) {
                Console.say("the run is over; the dashboard stays at " + server.url() + " until Ctrl-C");
                new CountDownLatch(1).await();
            }
        }
        shutdown.exit(0);
        return 0;
    }

    private static void announce(ForetellConfig config, Plugins plugins, Path origin) {
        try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(origin);
                Metrics metrics = new Metrics();
                ProxyPolicies proxies = new ProxyPolicies(Wiring.policyOptions(config), metrics)) {
            List<Objective> objectives = Wiring.objectives(config, plugins.objectives(), tokenizer, proxies);
            TrainingPlan run = Wiring.learnerRun(config, objectives, origin, Long.MAX_VALUE);
            Console.say("run " + config.run().name() + ", " + config.run().mode() + ", policy from " + origin);
            if (!plugins.loaded().isEmpty()) {
                Console.say("plugins: " + plugins);
            }
            BatchDescription.lines(
                            run,
                            config.rollout().n(),
                            config.rollout().maxPromptLength(),
                            config.rollout().maxResponseLength())
                    .forEach(line -> Console.say("  " + line));
        }
    }
}
