package io.foretell.server;

import io.foretell.learner.metrics.MetricCatalogue;
import io.foretell.objectives.Objectives;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.ClockGuard;
import io.foretell.platform.Configuration;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.EventLoops;
import io.foretell.platform.FolderLock;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Health;
import io.foretell.platform.HttpService;
import io.foretell.platform.Lifecycle;
import io.foretell.platform.Metrics;
import io.foretell.platform.Routes;
import io.foretell.platform.SteadyClock;
import io.foretell.platform.Time;
import io.foretell.platform.Watchdog;
import io.foretell.policy.ProxyPolicies;
import io.foretell.streams.Broker;
import io.foretell.streams.PolicyFeed;
import io.foretell.streams.Topics;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/**
 * A process of the server: the broker if embedded, one or all roles, HTTP. Parts start in order and stop in reverse.
 * Used by one thread, except {@link #stop}, which is thread-safe.
 */
public final class Server {
    private static final int EVENT_LOOPS = 2;

    private final Configuration<ForetellConfig> configuration;
    private final ForetellConfig config;
    private final String process;
    private final Objectives methods;
    private final Time time = Time.system();
    private final Lifecycle lifecycle = new Lifecycle(time);
    private final Vertx vertx = EventLoops.start(EVENT_LOOPS);
    private final Metrics metrics = new Metrics(MetricCatalogue.get()::help);
    private final Health health = new Health();
    private final List<Role> roles = new ArrayList<>();
    private FolderLock lock;
    private ClockGuard clock;
    private Broker broker;
    private PolicyFeed feed;
    private ProxyPolicies proxies;
    private Judges judges;
    private Watchdog watchdog;
    private HttpService http;

    /**
     * @param process name of the lock in the run folder: "up", or the role's name
     * @param methods methods available to the run's phases
     */
    public Server(Configuration<ForetellConfig> configuration, String process, Objectives methods) {
        this.configuration = configuration;
        this.config = configuration.values();
        this.process = process;
        this.methods = methods;
    }

    /** @param factories make the roles once the broker is running, in order */
    public void start(List<Function<Wiring, Role>> factories) {
        Path folder = config.folder();
        lifecycle.add("run folder", this::openFolder, () -> lock.close());
        lifecycle.add(
                "clock guard",
                () -> clock = new ClockGuard(time, Console::warn, Shutdown::atOnce),
                () -> clock.close());
        lifecycle.add(
                "broker",
                () -> broker = Broker.start(config.kafka().settings(), folder.resolve("kafka")),
                () -> broker.close());
        Topics topics = new Topics(config.run().name());
        lifecycle.add(
                "policy feed",
                () -> {
                    topics.ensure(broker.bootstrap(), config.kafka().partitions(), time);
                    feed = new PolicyFeed(broker.bootstrap(), topics, time);
                },
                () -> feed.close());
        lifecycle.add(
                "watchdog",
                () -> watchdog = new Watchdog(config.run().watchdog(), new SteadyClock(time), Console::warn),
                () -> watchdog.close());
        lifecycle.add(
                "proxy models",
                () -> proxies = new ProxyPolicies(Wiring.policyOptions(config), metrics),
                () -> proxies.close());
        lifecycle.add("judges", () -> judges = new Judges(config, metrics, time), () -> judges.close());
        for (Function<Wiring, Role> factory : factories) {
            lifecycle.add("role " + roles.size(), () -> deploy(factory.apply(wiring(topics))), () -> undeploy());
        }
        lifecycle.add("http", this::listen, this::closeHttp);
        lifecycle.start();
    }

    private void openFolder() {
        lock = FolderLock.take(config.folder().resolve(process), "foretell " + process);
        AtomicFiles.write(
                config.folder().resolve("config.yaml"), configuration.yaml().getBytes(StandardCharsets.UTF_8));
    }

    private Wiring wiring(Topics topics) {
        return new Wiring(
                config,
                methods,
                broker.bootstrap(),
                topics,
                feed,
                proxies,
                judges,
                vertx,
                metrics,
                health,
                watchdog,
                time);
    }

    private record Deployed(Role role, String id) {}

    private final List<Deployed> deployed = new ArrayList<>();

    private void deploy(Role role) {
        String id = await(vertx.deployVerticle(new RoleVerticle(role)), 360, role.name());
        deployed.add(new Deployed(role, id));
        roles.add(role);
    }

    private void undeploy() {
        Deployed last = deployed.remove(deployed.size() - 1);
        await(
                vertx.undeploy(last.id()),
                config.run().stopTimeout().toSeconds(),
                last.role().name());
    }

    private void listen() {
        List<Routes> routes =
                roles.stream().flatMap(role -> role.routes().stream()).toList();
        http = await(HttpService.start(vertx, config.http().settings(), routes, metrics, health), 30, "HTTP server");
    }

    private void closeHttp() {
        health.stopping();
        await(http.stop(), 30, "HTTP server");
    }

    private static <T> T await(Future<T> future, long seconds, String what) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(seconds, TimeUnit.SECONDS);
        } catch (java.util.concurrent.ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new ForetellException(ErrorCode.INTERNAL, what + ": " + e.getCause(), e.getCause());
        } catch (java.util.concurrent.TimeoutException e) {
            throw new ForetellException(ErrorCode.TIMEOUT, what + " was not done within " + seconds + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ForetellException(ErrorCode.UNAVAILABLE, what + " was interrupted", e);
        }
    }

    public String url() {
        return http.url();
    }

    public String bootstrap() {
        return broker.bootstrap();
    }

    /** Drains, checkpoints and closes everything within {@code run.stop_timeout}. */
    public void stop() {
        try {
            lifecycle.stop(config.run().stopTimeout());
        } finally {
            metrics.close();
            await(vertx.close(), 30, "Vert.x");
        }
    }
}
