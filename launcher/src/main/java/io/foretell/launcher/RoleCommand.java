package io.foretell.launcher;

import io.foretell.platform.Configuration;
import io.foretell.platform.ConfigurationException;
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
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** One role in its own process, with an external Kafka. */
abstract class RoleCommand implements Callable<Integer> {
    @Mixin
    private ConfigOptions options;

    /** Makes the role. */
    abstract Role role(Wiring wiring);

    /** Waits until the role has no more work; most roles run until stopped. */
    void await() throws InterruptedException, ExecutionException {
        new CountDownLatch(1).await();
    }

    @Override
    public Integer call() throws InterruptedException {
        Configuration<ForetellConfig> configuration = options.load();
        ForetellConfig config = configuration.values();
        if (!String.valueOf(config.kafka().embedded()).equals("false")) {
            throw new ConfigurationException("a role on its own needs an external Kafka:"
                    + " set kafka.embedded to false and kafka.bootstrap to its address");
        }
        StreamsRole.check(config);
        Plugins plugins = Plugins.load(System.getenv());
        String name =
                getClass().getAnnotation(picocli.CommandLine.Command.class).name();
        Logging.into(config.folder().resolve("logs").resolve(name));
        Server server = new Server(configuration, name, plugins.objectives());
        Shutdown shutdown = Shutdown.install(server::stop, config.run().stopTimeout());
        List<Function<Wiring, Role>> roles = List.of(this::role);
        server.start(roles);
        Console.say(name + " of run " + config.run().name() + " works; HTTP at " + server.url());
        try {
            await();
        } catch (ExecutionException e) {
            Console.warn(name + " failed: " + e.getCause().getMessage());
            shutdown.exit(1);
        }
        shutdown.exit(0);
        return 0;
    }

    @picocli.CommandLine.Command(
            name = "streams",
            description = "documents → tasks: clean, deduplicate, cut; POST /v1/documents.",
            mixinStandardHelpOptions = true)
    static final class Streams extends RoleCommand {
        @Override
        Role role(Wiring wiring) {
            return new StreamsRole(wiring);
        }
    }

    @picocli.CommandLine.Command(
            name = "rollout",
            description = "tasks → rollouts: sample groups; POST /v1/completions.",
            mixinStandardHelpOptions = true)
    static final class Rollout extends RoleCommand {
        @Override
        Role role(Wiring wiring) {
            return new RolloutRole(wiring);
        }
    }

    @picocli.CommandLine.Command(
            name = "reward",
            description = "rollouts → scored-groups: reward every rollout; POST /v1/score.",
            mixinStandardHelpOptions = true)
    static final class Reward extends RoleCommand {
        @Override
        Role role(Wiring wiring) {
            return new RewardRole(wiring);
        }
    }

    @picocli.CommandLine.Command(
            name = "learner",
            description = "scored-groups → policy versions: update, checkpoint, publish; the dashboard.",
            mixinStandardHelpOptions = true)
    static final class LearnerCommand extends RoleCommand {
        @Option(names = "--until-step", paramLabel = "N", description = "Stop after this step.")
        private long untilStep = Long.MAX_VALUE;

        private LearnerRole learner;

        @Override
        Role role(Wiring wiring) {
            learner = new LearnerRole(wiring, PolicyOrigin.folder(wiring.config()), untilStep, Console::progress);
            return learner;
        }

        @Override
        void await() throws InterruptedException, ExecutionException {
            learner.finished().get();
        }
    }
}
