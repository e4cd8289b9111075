package io.foretell.platform;

import io.micrometer.core.instrument.Timer;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;

/**
 * Routes every request: id, metrics, authentication, then health, metrics endpoint, OpenAPI and the roles' routes.
 *
 * <p>Thread-safe; makes one router per server instance.
 */
final class RootRouter {
    private static final String REQUEST_ID_HEADER = "X-Request-Id";
    private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");
    private static final Set<String> KNOWN_METHODS = Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
    private static final int[] STATUSES_OF_ROUTER = {400, 404, 405, 406, 413, 415, 500};

    private final HttpSettings settings;
    private final List<Routes> routes;
    private final Map<String, String> openApi;
    private final Metrics metrics;
    private final Health health;
    private final Map<Kind, Timer> timers = new ConcurrentHashMap<>();

    RootRouter(HttpSettings settings, List<Routes> routes, Metrics metrics, Health health) {
        this.settings = settings;
        this.routes = List.copyOf(routes);
        this.openApi = OpenApiDocuments.of(routes);
        this.metrics = metrics;
        this.health = health;
    }

    Router create(Vertx vertx) {
        Router router = Router.router(vertx);
        router.route().failureHandler(ProblemHandler.ofFailures());
        for (int status : STATUSES_OF_ROUTER) {
            router.errorHandler(status, status == 500 ? ProblemHandler.ofFailures() : ProblemHandler.ofStatus(status));
        }
        router.route().handler(RootRouter::identify);
        router.route().handler(this::measure);
        if (settings.isGuarded()) {
            router.route().handler(new ApiKeys(settings.apiKeys()));
        }
        router.get("/health/live").handler(ctx -> Http.json(ctx, 200, Map.of("status", "live")));
        router.get("/health/ready").handler(this::ready);
        router.get("/metrics").handler(this::scrape);
        openApi.forEach((name, text) -> router.get("/openapi/" + name)
                .handler(ctx -> ctx.response()
                        .putHeader(HttpHeaders.CONTENT_TYPE, "application/yaml")
                        .end(text)));
        routes.forEach(each -> each.mount(router));
        return router;
    }

    private static void identify(RoutingContext ctx) {
        String given = ctx.request().getHeader(REQUEST_ID_HEADER);
        String id = given != null && REQUEST_ID.matcher(given).matches() ? given : freshId();
        ctx.put(Http.REQUEST_ID, id);
        ctx.response().putHeader(REQUEST_ID_HEADER, id);
        ctx.next();
    }

    private static String freshId() {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        HexFormat hex = HexFormat.of();
        return hex.toHexDigits(random.nextLong()) + hex.toHexDigits(random.nextLong());
    }

    private void measure(RoutingContext ctx) {
        Timer.Sample sample = Timer.start(metrics.registry());
        ctx.addEndHandler(end -> {
            String method = ctx.request().method().name();
            String path = ctx.currentRoute() == null ? null : ctx.currentRoute().getPath();
            Kind kind = new Kind(
                    KNOWN_METHODS.contains(method) ? method : "other",
                    path == null ? "other" : path,
                    ctx.response().getStatusCode());
            sample.stop(timers.computeIfAbsent(kind, this::timer));
        });
        ctx.next();
    }

    private Timer timer(Kind kind) {
        return Timer.builder("http.server.requests")
                .tag("method", kind.method())
                .tag("route", kind.route())
                .tag("status", Integer.toString(kind.status()))
                .register(metrics.registry());
    }

    /** Requests counted under one metric. */
    private record Kind(String method, String route, int status) {}

    private void ready(RoutingContext ctx) {
        ctx.vertx()
                .executeBlocking(() -> readiness(health), false)
                .onSuccess(checks -> Http.json(ctx, checks.isReady() ? 200 : 503, checks.body()))
                .onFailure(ctx::fail);
    }

    private void scrape(RoutingContext ctx) {
        ctx.vertx()
                .executeBlocking(metrics::scrape, false)
                .onSuccess(text -> ctx.response()
                        .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")
                        .end(text))
                .onFailure(ctx::fail);
    }

    private static Readiness readiness(Health health) {
        Map<String, String> problems = health.problems();
        Map<String, String> checks = new LinkedHashMap<>();
        health.names().forEach(name -> checks.put(name, "ok"));
        checks.putAll(problems);
        return new Readiness(problems.isEmpty(), checks);
    }

    private record Readiness(boolean isReady, Map<String, String> checks) {
        Map<String, Object> body() {
            return Map.of("status", isReady ? "ready" : "not ready", "checks", checks);
        }
    }
}
