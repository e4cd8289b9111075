package io.foretell.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.PublishedWeights;
import io.foretell.domain.Rollout;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.objectives.Objective;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Http;
import io.foretell.platform.Json;
import io.foretell.platform.Routes;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.streams.PolicyFeed;
import io.foretell.streams.WorkLoop;
import io.foretell.weightsync.RolloutEngine;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Generation over HTTP, compatible with OpenAI and vLLM. Thread-safe: requests reach the model through its owner
 * thread, and responses return on the request's event loop.
 */
public final class RolloutRoutes implements Routes {
    private static final int MAX_BODY_BYTES = 4 << 20;
    private static final int MOST_IN_FLIGHT = 512;
    private static final Duration DEADLINE = Duration.ofMinutes(10);

    private final RolloutEngine policy;
    private final ServedModel model;
    private final PolicyFeed feed;
    private final WorkLoop<Task> worker;
    private final Objective objective;
    private final int maxResponseLength;
    private final InstantSource clock;
    private final AtomicInteger inFlight = new AtomicInteger();

    /**
     * @param feed knows the weights that the learner announced last
     * @param objective objective of the run's last phase, which defines how {@code /v1/rollouts} samples
     * @param maxResponseLength default maximum tokens of a chat answer
     */
    public RolloutRoutes(
            RolloutEngine policy,
            ServedModel model,
            PolicyFeed feed,
            WorkLoop<Task> worker,
            Objective objective,
            int maxResponseLength,
            InstantSource clock) {
        this.policy = policy;
        this.model = model;
        this.feed = feed;
        this.worker = worker;
        this.objective = objective;
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
        router.post("/v1/chat/completions")
                .handler(Http.limitedBody(MAX_BODY_BYTES))
                .handler(this::chat);
        router.post("/v1/rollouts").handler(Http.limitedBody(MAX_BODY_BYTES)).handler(this::rollouts);
        new WeightRoutes(policy, worker, feed).mount(router);
    }

    private String name() {
        return WeightRoutes.name(policy);
    }

    private void models(RoutingContext ctx) {
        PublishedWeights version = policy.current();
        Map<String, Object> model = Map.of(
                "id",
                name(),
                "object",
                "model",
                "created",
                clock.instant().getEpochSecond(),
                "owned_by",
                "foretell",
                "root",
                version == null ? "" : version.run());
        Http.json(ctx, 200, Map.of("object", "list", "data", List.of(model)));
    }

    private void completions(RoutingContext ctx) {
        answer(ctx, false, body -> Completions.read(body, model));
    }

    private void chat(RoutingContext ctx) {
        answer(ctx, true, body -> ChatCompletions.read(body, model, maxResponseLength));
    }

    /* Tokenizing a long prompt takes a while. */
    private void answer(RoutingContext ctx, boolean chat, Function<JsonNode, CompletionRequest> read) {
        JsonNode body = Http.body(ctx, JsonNode.class);
        ctx.vertx()
                .executeBlocking(() -> read.apply(body), false)
                .map(generation -> {
                    generate(ctx, body, generation, chat);
                    return generation;
                })
                .onFailure(ctx::fail);
    }

    private void generate(RoutingContext ctx, JsonNode body, CompletionRequest generation, boolean chat) {
        AnswerWriter writer = AnswerWriter.of(generation, model.tokenizer(), chat, new RequestBody(body));
        admit();
        CompletableFuture<ObjectNode> answer = sampled(ctx, generation.requests(model.tokenizer()))
                .thenApply(samples -> writer.write(
                        samples,
                        Http.requestId(ctx),
                        policy.version(),
                        clock.instant().getEpochSecond()));
        reply(ctx, answer, node -> Http.json(ctx, 200, node));
    }

    /** A group for a prefix, sampled as in the run's last phase: opened, at least one token, closed. */
    private void rollouts(RoutingContext ctx) {
        JsonNode body = Http.body(ctx, JsonNode.class);
        TokenArray prefix = model.tokenizer().encode(body.path("prefix").asText());
        if (!body.path("prefix").isTextual() || prefix.isEmpty()) {
            throw new ForetellException(ErrorCode.INVALID_REQUEST, "'prefix' must be a text of at least one token");
        }
        prefix = model.tokenizer().withBegin(prefix);
        Long given = new RequestBody(body).seed();
        long seed = given == null ? 0 : given;
        SamplingPlan plan = objective
                .sampling(prefix, TokenArray.EMPTY)
                .orElseThrow(() -> new ForetellException(
                        ErrorCode.UNPROCESSABLE, "the objective '" + objective.name() + "' samples nothing"));
        requireRoom(plan);
        admit();
        CompletableFuture<ObjectNode> answer = sampled(ctx, List.of(RolloutWorker.request(seed, plan)))
                .thenApply(samples -> group(samples.get(0), plan));
        reply(ctx, answer, node -> Http.json(ctx, 200, node));
    }

    private void requireRoom(SamplingPlan plan) {
        if (plan.context().length() + plan.maxTokens() > model.contextLength()) {
            throw new ForetellException(
                    ErrorCode.INVALID_REQUEST,
                    "a prompt of " + plan.context().length() + " tokens and " + plan.maxTokens()
                            + " more are beyond the model's context of " + model.contextLength()
                            + " tokens; shorten 'prefix'");
        }
    }

    private ObjectNode group(List<Completion> samples, SamplingPlan plan) {
        ObjectNode node = Json.mapper().createObjectNode();
        node.put("policy_version", policy.version());
        ArrayNode list = node.putArray("rollouts");
        for (Completion sample : samples) {
            Rollout rollout = RolloutWorker.rollout(list.size(), 1, sample, plan);
            ObjectNode one = list.addObject();
            one.put("text", model.tokenizer().decode(rollout.response()))
                    .put("finish_reason", rollout.finishReason().name().toLowerCase(Locale.ROOT))
                    .put("forced", rollout.forced() > 0);
            ArrayNode ids = one.putArray("token_ids");
            ArrayNode logProbs = one.putArray("token_logprobs");
            for (int t = 0; t < rollout.response().length(); t++) {
                ids.add(rollout.response().at(t));
                logProbs.add(rollout.logProbs().at(t));
            }
        }
        return node;
    }

    /** Samples until the deadline or until the client disconnects. */
    private CompletableFuture<List<List<Completion>>> sampled(RoutingContext ctx, List<GenerationRequest> requests) {
        CompletableFuture<List<List<Completion>>> samples = policy.generate(requests);
        ctx.response().closeHandler(gone -> samples.cancel(false));
        if (ctx.response().closed()) { // closed while the prompt was tokenized
            samples.cancel(false);
        }
        samples.orTimeout(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
        return samples.exceptionally(failure -> {
            throw failure instanceof TimeoutException
                    ? new ForetellException(
                            ErrorCode.TIMEOUT,
                            "the answer was not finished within " + DEADLINE.toMinutes() + " minutes"
                                    + "; ask for fewer tokens or try again when the server is less busy",
                            failure)
                    : new CompletionException(failure);
        });
    }

    private void admit() {
        if (inFlight.incrementAndGet() > MOST_IN_FLIGHT) {
            inFlight.decrementAndGet();
            throw new ForetellException(
                    ErrorCode.UNAVAILABLE, MOST_IN_FLIGHT + " requests are being answered already; try again soon");
        }
    }

    private <T> void reply(RoutingContext ctx, CompletableFuture<T> answer, Consumer<T> send) {
        Context context = Vertx.currentContext();
        answer.whenComplete((value, failure) -> {
            inFlight.decrementAndGet();
            context.runOnContext(unused -> {
                if (ctx.response().closed()) {
                    return; // the client has disconnected
                }
                if (failure == null) {
                    send.accept(value);
                } else {
                    ctx.fail(failure instanceof CompletionException ? failure.getCause() : failure);
                }
            });
        });
    }
}
