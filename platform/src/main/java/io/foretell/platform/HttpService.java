package io.foretell.platform;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.PemKeyCertOptions;
import io.vertx.core.net.SocketAddress;
import java.net.BindException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP server of one process: two event loops with one router each, both with all roles' routes.
 *
 * <p>Thread-safe. Whoever starts it stops it; owners of event streams close them first.
 */
public final class HttpService {
    private static final Logger LOG = LoggerFactory.getLogger(HttpService.class);
    private static final int INSTANCES = 2;
    private static final Duration SHUTDOWN_DEADLINE = Duration.ofSeconds(10);
    private static final int IDLE_MINUTES = 10;
    private static final AtomicInteger FREE_PORT_IDS = new AtomicInteger();

    private final Vertx vertx;
    private final HttpSettings settings;
    private final String deployment;
    private final int port;

    private HttpService(Vertx vertx, HttpSettings settings, String deployment, int port) {
        this.vertx = vertx;
        this.settings = settings;
        this.deployment = deployment;
        this.port = port;
    }

    /**
     * Binds and serves.
     *
     * @return fails with {@link ConfigurationException} if it would be reachable from other machines without a key, and
     *     with {@link ForetellException} UNAVAILABLE if the port is taken
     */
    public static Future<HttpService> start(
            Vertx vertx, HttpSettings settings, List<Routes> routes, Metrics metrics, Health health) {
        if (!settings.isLoopback() && !settings.isGuarded()) {
            return Future.failedFuture(new ConfigurationException("http.host " + settings.host()
                    + " can be reached from other machines: set http.api_keys, or listen on 127.0.0.1"));
        }
        AtomicInteger port = new AtomicInteger();
        Future<String> deployed;
        try {
            RootRouter router = new RootRouter(settings, routes, metrics, health);
            SocketAddress address = address(settings);
            deployed = vertx.deployVerticle(
                    () -> new Instance(settings, address, router, port),
                    new DeploymentOptions().setInstances(INSTANCES));
        } catch (RuntimeException e) {
            return Future.failedFuture(e);
        }
        return deployed.map(id -> new HttpService(vertx, settings, id, port.get()))
                .onSuccess(service -> LOG.info("HTTP server listens url={}", service.url()))
                .recover(failure -> Future.failedFuture(translated(failure, settings)));
    }

    /** The port it listens on; the actual one if port 0 was requested. */
    public int port() {
        return port;
    }

    /** The URL for programs on this machine. */
    public String url() {
        boolean any = settings.host().equals("0.0.0.0") || settings.host().equals("::");
        String host = any ? "127.0.0.1" : settings.host();
        String scheme = settings.tls() == null ? "http" : "https";
        return scheme + "://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    /** Stops accepting connections, lets requests finish within a deadline, then closes. */
    public Future<Void> stop() {
        return vertx.undeploy(deployment).onSuccess(done -> LOG.info("HTTP server stopped url={}", url()));
    }

    private static Throwable translated(Throwable failure, HttpSettings settings) {
        if (!(failure instanceof BindException)) {
            return failure;
        }
        String reason = String.valueOf(failure.getMessage());
        String where = "port " + settings.port() + " on " + settings.host();
        String sentence = reason.contains("in use")
                ? where + " is taken by another program: stop it or choose one with http.port (0 takes a free one)"
                : "cannot listen on " + where + ": " + reason;
        return new ForetellException(ErrorCode.UNAVAILABLE, sentence, failure);
    }

    /* Instances that request the shared port of one id get the same free port. */
    private static SocketAddress address(HttpSettings settings) {
        return settings.port() == 0
                ? SocketAddress.sharedRandomPort(FREE_PORT_IDS.incrementAndGet(), settings.host())
                : SocketAddress.inetSocketAddress(settings.port(), settings.host());
    }

    private static HttpServerOptions options(HttpSettings settings) {
        HttpServerOptions options = new HttpServerOptions()
                .setHandle100ContinueAutomatically(false)
                .setPerFrameWebSocketCompressionSupported(false)
                .setPerMessageWebSocketCompressionSupported(false)
                .setMaxHeaderSize(16 * 1024)
                .setIdleTimeout(IDLE_MINUTES)
                .setIdleTimeoutUnit(TimeUnit.MINUTES);
        TlsSettings tls = settings.tls();
        if (tls != null) {
            options.setSsl(true)
                    .setKeyCertOptions(new PemKeyCertOptions()
                            .setCertPath(tls.certificate().toString())
                            .setKeyPath(tls.key().toString()));
        }
        return options;
    }

    /** One event loop's server. Confined to that loop. */
    private static final class Instance extends VerticleBase {
        private final HttpSettings settings;
        private final SocketAddress address;
        private final RootRouter router;
        private final AtomicInteger port;
        private HttpServer server;

        private Instance(HttpSettings settings, SocketAddress address, RootRouter router, AtomicInteger port) {
            this.settings = settings;
            this.address = address;
            this.router = router;
            this.port = port;
        }

        @Override
        public Future<?> start() {
            server = vertx.createHttpServer(options(settings))
                    .invalidRequestHandler(new MalformedRequest())
                    .requestHandler(router.create(vertx));
            return server.listen(address).onSuccess(listening -> port.set(listening.actualPort()));
        }

        @Override
        public Future<?> stop() {
            return server.shutdown(SHUTDOWN_DEADLINE);
        }
    }
}
