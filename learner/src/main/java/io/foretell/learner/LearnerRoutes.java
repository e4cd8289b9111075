package io.foretell.learner;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.learner.metrics.MetricCatalogue;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.EventStream;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Http;
import io.foretell.platform.Json;
import io.foretell.platform.Routes;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.lang.management.ManagementFactory;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** Status, control, metrics and recent rollouts of the learner over HTTP. Thread-safe. */
public final class LearnerRoutes implements Routes {
    private static final int MOST_GROUPS = 200;

    private final Learner learner;
    private final EventStream events;
    private final Supplier<Map<String, Long>> queues;
    private final UnaryOperator<String> titles;

    /**
     * @param queues depths by name, read elsewhere and only looked up here
     * @param titles what people read about an objective, by its name
     */
    public LearnerRoutes(
            Learner learner, EventStream events, Supplier<Map<String, Long>> queues, UnaryOperator<String> titles) {
        this.learner = learner;
        this.events = events;
        this.queues = queues;
        this.titles = titles;
    }

    @Override
    public String openapiResource() {
        return "openapi/learner.yaml";
    }

    @Override
    public void mount(Router router) {
        router.get("/v1/status").handler(ctx -> Http.json(ctx, 200, status()));
        router.get("/v1/metrics/series").handler(this::series);
        router.get("/v1/metrics/catalogue").handler(ctx -> Http.json(ctx, 200, MetricCatalogue.get()));
        router.get("/v1/rollouts/recent")
                .handler(ctx ->
                        Http.json(ctx, 200, Map.of("groups", learner.snapshot().rollouts((int)
                                Math.min(MOST_GROUPS, Math.max(1, number(ctx, "limit", 50)))))));
        router.get("/v1/events").handler(events.handler());
        router.post("/v1/pause").handler(ctx -> {
            learner.pause();
            Http.json(ctx, 202, Map.of("status", "pausing"));
        });
        router.post("/v1/resume").handler(ctx -> {
            learner.resume();
            Http.json(ctx, 202, Map.of("status", "resuming"));
        });
        router.post("/v1/checkpoint").handler(ctx -> {
            learner.checkpoint();
            Http.json(ctx, 202, Map.of("status", "a checkpoint follows the step in progress"));
        });
        router.post("/v1/anneal").handler(ctx -> {
            learner.anneal();
            Http.json(ctx, 202, Map.of("status", "the learning rate anneals from the next step on"));
        });
    }

    /** What {@code GET /v1/status} answers and {@code event: status} carries. */
    public ObjectNode status() {
        ObjectNode status = Json.mapper().valueToTree(learner.status());
        ObjectNode phase = (ObjectNode) status.path("phase");
        phase.put("title", titles.apply(phase.path("objective").asText()));
        status.put("uptime_s", ManagementFactory.getRuntimeMXBean().getUptime() / 1000);
        status.set("queues", Json.mapper().valueToTree(queues.get()));
        return status;
    }

    private void series(RoutingContext ctx) {
        long since = number(ctx, "since", -1);
        ctx.vertx()
                .executeBlocking(() -> learner.snapshot().rows(since), false)
                .onSuccess(rows -> Http.json(ctx, 200, Map.of("rows", rows)))
                .onFailure(ctx::fail);
    }

    private static long number(RoutingContext ctx, String name, long fallback) {
        String text = ctx.request().getParam(name);
        if (text == null) {
            return fallback;
        }
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new ForetellException(
                    ErrorCode.INVALID_REQUEST, "'" + name + "' is '" + text + "' but must be a whole number");
        }
    }
}
