package io.foretell.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.objectives.PolicyVersion;
import io.foretell.objectives.Task;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Http;
import io.foretell.platform.Routes;
import io.foretell.policy.HuggingFaceTokenizer;
import io.foretell.policy.Sample;
import io.foretell.policy.ServedPolicy;
import io.foretell.streams.WorkLoop;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Generation over HTTP, in the words of OpenAI and vLLM. Thread-safe: the model is asked through its owner thread and
 * answers come back on the request's event loop.
 */
public final class RolloutRoutes implements Routes {
    private static final int MAX_BODY_BYTES = 4 << 20;
    private static final int MOST_IN_FLIGHT = 64;

    private final ServedPolicy policy;
    private final HuggingFaceTokenizer tokenizer;
    private final WorkLoop<Task> worker;
    private final int maxResponseLength;
    private final InstantSource clock;
    private final AtomicInteger inFlight = new AtomicInteger();

    public RolloutRoutes(
            ServedPolicy policy,
            HuggingFaceTokenizer tokenizer,
            WorkLoop<Task> worker,
            int maxResponseLength,
            InstantSource clock) {
        this.policy = policy;
        this.tokenizer = tokenizer;
        this.worker = worker;
        this.maxResponseLength = maxResponseLength;
        this.clock = clock;
    }

    @Override
    public String openapiResource() {
        return "openapi/rollout.yaml";
    }

    @Override
    public void mount(Router router) {
        router.get("/v1/models").handler(this::models);
        router.post("/v1/completions").handler(Http.limitedBody(MAX_BODY_BYTES)).handler(this::completions);
        router.get("/weight_info").handler(ctx -> Http.json(ctx, 200, Map.of("weight_version", name())));
        router.post("/pause").handler(ctx -> {
            worker.pause();
            Http.json(ctx, 200, Map.of("status", "paused"));
        });
        router.post("/resume").handler(ctx -> {
            worker.resume();
            Http.json(ctx, 200, Map.of("status", "resumed"));
        });
        router.get("/is_paused").handler(ctx -> Http.json(ctx, 200, Map.of("is_paused", worker.isPaused())));
    }

    private String name() {
        return "policy-" + policy.version();
    }

    private void models(RoutingContext ctx) {
        PolicyVersion version = policy.current();
        Map<String, Object> model = Map.of(
                "id", name(), "object", "model", "owned_by", "foretell", "root", version == null ? "" : version.run());
        Http.json(ctx, 200, Map.of("object", "list", "data", List.of(model)));
    }

    private void completions(RoutingContext ctx) {
        JsonNode body = Http.body(ctx, JsonNode.class);
        if (!body.isObject()) {
            throw new ForetellException(ErrorCode.INVALID_REQUEST, "the body must be a JSON object");
        }
        Completions request = Completions.parse(body, tokenizer, maxResponseLength);
        if (inFlight.incrementAndGet() > MOST_IN_FLIGHT) {
            inFlight.decrementAndGet();
            throw new ForetellException(
                    ErrorCode.UNAVAILABLE, MOST_IN_FLIGHT + " completions are being made already; try again soon");
        }
        CompletableFuture<ObjectNode> answer = policy.submit(p -> {
            List<List<Sample>> samples = p.generate(request.requests());
            String id = "cmpl-" + Http.requestId(ctx);
            return request.answer(
                    samples, tokenizer, id, policy.version(), clock.instant().getEpochSecond());
        });
        reply(ctx, answer, node -> Http.json(ctx, 200, node));
    }

    private <T> void reply(RoutingContext ctx, CompletableFuture<T> answer, Consumer<T> send) {
        Context context = Vertx.currentContext();
        answer.whenComplete((value, failure) -> {
            inFlight.decrementAndGet();
            context.runOnContext(unused -> {
                if (failure == null) {
                    send.accept(value);
                } else {
                    ctx.fail(
                            failure instanceof java.util.concurrent.CompletionException ? failure.getCause() : failure);
                }
            });
        });
    }
}
