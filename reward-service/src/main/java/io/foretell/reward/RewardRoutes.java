package io.foretell.reward;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Http;
import io.foretell.platform.Json;
import io.foretell.platform.Routes;
import io.foretell.policy.Score;
import io.foretell.policy.ScoreRequest;
import io.foretell.weightsync.ServedPolicy;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;

/** Scoring over HTTP: log-probabilities of continuations, or a combined reward of responses. Thread-safe. */
public final class RewardRoutes implements Routes {
    private static final int MAX_BODY_BYTES = 4 << 20;
    private static final int MOST_REQUESTS = 1024;

    private final ServedPolicy policy;
    private final HuggingFaceTokenizer tokenizer;
    private final Rewards rewards;

    public RewardRoutes(ServedPolicy policy, HuggingFaceTokenizer tokenizer, Rewards rewards) {
        this.policy = policy;
        this.tokenizer = tokenizer;
        this.rewards = rewards;
    }

    @Override
    public String openapiResource() {
        return "openapi/reward.yaml";
    }

    @Override
    public void mount(Router router) {
        router.post("/v1/score").handler(Http.limitedBody(MAX_BODY_BYTES)).handler(this::score);
    }

    private void score(RoutingContext ctx) {
        JsonNode body = Http.body(ctx, JsonNode.class);
        if (body.has("reward")) {
            new ScoredResponses(rewards).answer(ctx, body);
            return;
        }
        TokenArray context = text(body, "context");
        JsonNode continuations = body.path("continuations");
        if (!continuations.isArray() || continuations.isEmpty() || continuations.size() > MOST_REQUESTS) {
            throw invalid("'continuations' must be a list of 1 to " + MOST_REQUESTS + " texts");
        }
        String which = body.path("weights").asText("live");
        if (!which.equals("live") && !which.equals("ema")) {
            throw invalid("'weights' is '" + which + "' but must be live or ema");
        }
        List<ScoreRequest> requests = new ArrayList<>();
        for (JsonNode continuation : continuations) {
            TokenArray tokens = tokenizer.encode(continuation.asText());
            if (!continuation.isTextual() || tokens.isEmpty()) {
                throw invalid("each of 'continuations' must be a text of at least one token");
            }
            requests.add(new ScoreRequest(context, tokens));
        }
        PolicyRole weights = which.equals("ema") ? PolicyRole.TEACHER : PolicyRole.LIVE;
        Context own = Vertx.currentContext();
        policy.submit(p -> p.score(weights, requests))
                .whenComplete((scores, failure) -> own.runOnContext(unused -> {
                    if (failure == null) {
                        Http.json(ctx, 200, answer(scores));
                    } else {
                        ctx.fail(failure instanceof CompletionException ? failure.getCause() : failure);
                    }
                }));
    }

    private TokenArray text(JsonNode body, String key) {
        TokenArray tokens = tokenizer.encode(body.path(key).asText());
        if (!body.path(key).isTextual() || tokens.isEmpty()) {
            throw invalid("'" + key + "' must be a text of at least one token");
        }
        return tokens;
    }

    private ObjectNode answer(List<Score> scores) {
        ObjectNode answer = Json.mapper().createObjectNode();
        answer.put("policy_version", policy.version());
        ArrayNode list = answer.putArray("scores");
        for (Score score : scores) {
            ObjectNode node = list.addObject();
            node.put("log_prob", score.logProbs().sum());
            node.put("all_greedy", score.allGreedy());
            ArrayNode tokens = node.putArray("token_logprobs");
            for (float value : score.logProbs().toArray()) {
                tokens.add(value);
            }
        }
        return answer;
    }

    static ForetellException invalid(String sentence) {
        return new ForetellException(ErrorCode.INVALID_REQUEST, sentence);
    }
}
