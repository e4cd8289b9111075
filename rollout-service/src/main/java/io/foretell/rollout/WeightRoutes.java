package io.foretell.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.PublishedWeights;
import io.foretell.domain.Task;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Http;
import io.foretell.platform.Json;
import io.foretell.streams.PolicyFeed;
import io.foretell.streams.WorkLoop;
import io.foretell.weightsync.RolloutEngine;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * Pauses sampling and changes weights, compatible with vLLM. Unlike vLLM's disk backend, a change is atomic, and only
 * published versions are accepted, because tokens are tagged with the version that sampled them. Thread-safe.
 */
final class WeightRoutes {
    private static final int MAX_BODY_BYTES = 1 << 16;

    private final RolloutEngine policy;
    private final WorkLoop<Task> worker;
    private final PolicyFeed feed;

    WeightRoutes(RolloutEngine policy, WorkLoop<Task> worker, PolicyFeed feed) {
        this.policy = policy;
        this.worker = worker;
        this.feed = feed;
    }

    static String name(RolloutEngine policy) {
        return "policy-" + policy.version();
    }

    void mount(Router router) {
        router.get("/weight_info").handler(ctx -> Http.json(ctx, 200, Map.of("weight_version", name(policy))));
        router.post("/update_weights").handler(Http.limitedBody(MAX_BODY_BYTES)).handler(this::update);
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

    private void update(RoutingContext ctx) {
        boolean bare = ctx.body().buffer() == null || ctx.body().buffer().length() == 0;
        JsonNode body = bare ? Json.mapper().createObjectNode() : Http.body(ctx, JsonNode.class);
        JsonNode path =
                body.path("update_info").has("path") ? body.path("update_info").path("path") : body.path("weight_dir");
        ctx.vertx()
                .executeBlocking(
                        () -> {
                            policy.swap(path.isMissingNode() ? announced() : published(path.asText()));
                            return Map.of("message", "Weights updated", "weight_version", name(policy));
                        },
                        false)
                .onSuccess(answer -> Http.json(ctx, 200, answer))
                .onFailure(ctx::fail);
    }

    private PublishedWeights announced() {
        return feed.latest()
                .map(PolicyAnnouncement::weights)
                .orElseThrow(() -> new ForetellException(
                        ErrorCode.UNAVAILABLE, "the learner has announced no version yet; try again soon"));
    }

    /** The version in a folder with a manifest; the folder's name is its number. */
    private static PublishedWeights published(String folder) {
        Path path = Path.of(folder).toAbsolutePath().normalize();
        Path manifest = path.resolve("manifest.json");
        String number = String.valueOf(path.getFileName());
        if (!Files.isRegularFile(manifest) || !number.matches("\\d{6,18}")) {
            throw new ForetellException(
                    ErrorCode.UNPROCESSABLE,
                    folder + " is no published version: name a folder such as runs/NAME/policies/000123");
        }
        try {
            Map<String, String> files = new TreeMap<>();
            for (Map.Entry<String, JsonNode> file :
                    Json.mapper().readTree(manifest.toFile()).path("files").properties()) {
                files.put(file.getKey(), file.getValue().path("sha256").asText());
            }
            long version = Long.parseLong(number);
            return new PublishedWeights("", version, path.toString(), files);
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.UNPROCESSABLE, manifest + " is not a manifest: " + e.getMessage(), e);
        }
    }
}
