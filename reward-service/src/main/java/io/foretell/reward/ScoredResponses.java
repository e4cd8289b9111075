package io.foretell.reward;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.Reward;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Http;
import io.foretell.platform.Json;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Answers a request for the combined reward of several responses. Confined to one request. */
final class ScoredResponses {
    private static final int MOST_RESPONSES = 64;
    private static final long DEADLINE_MINUTES = 10;

    private final Rewards rewards;

    ScoredResponses(Rewards rewards) {
        this.rewards = rewards;
    }

    void answer(RoutingContext ctx, JsonNode body) {
        String name = text(body, "reward");
        CombinedReward reward = rewards.reward(name);
        if (reward == null) {
            throw RewardRoutes.invalid("there is no reward '" + name + "'; reward.rewards has " + rewards.names());
        }
        List<TextRule.Text> group = group(body);
        Context own = Vertx.currentContext();
        own.owner()
                .executeBlocking(() -> reward.score(group))
                .onFailure(ctx::fail)
                .onSuccess(found -> found.orTimeout(DEADLINE_MINUTES, TimeUnit.MINUTES)
                        .whenComplete((scored, failure) -> own.runOnContext(unused -> {
                            if (failure == null) {
                                Http.json(ctx, 200, json(name, scored));
                            } else {
                                ctx.fail(problem(failure));
                            }
                        })));
    }

    private static Throwable problem(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        return cause instanceof TimeoutException
                ? new ForetellException(
                        ErrorCode.TIMEOUT, "the rewards were not there within " + DEADLINE_MINUTES + " minutes", cause)
                : cause;
    }

    private static List<TextRule.Text> group(JsonNode body) {
        String prompt = text(body, "prompt");
        String reference = body.hasNonNull("reference") ? text(body, "reference") : "";
        JsonNode responses = body.path("responses");
        if (!responses.isArray() || responses.isEmpty() || responses.size() > MOST_RESPONSES) {
            throw RewardRoutes.invalid("'responses' must be a list of 1 to " + MOST_RESPONSES + " texts");
        }
        List<TextRule.Text> group = new ArrayList<>();
        for (JsonNode response : responses) {
            if (!response.isTextual()) {
                throw RewardRoutes.invalid("each of 'responses' must be a text");
            }
            group.add(new TextRule.Text(prompt, response.textValue(), reference));
        }
        return group;
    }

    private static String text(JsonNode body, String key) {
        if (!body.path(key).isTextual()) {
            throw RewardRoutes.invalid("'" + key + "' must be a text");
        }
        return body.path(key).textValue();
    }

    /** A missing reward has a status and a reason but no number. */
    private static ObjectNode json(String name, List<Reward> rewards) {
        ObjectNode answer = Json.mapper().createObjectNode().put("reward", name);
        for (Reward reward : rewards) {
            ObjectNode node = answer.withArray("rewards").addObject();
            node.put("status", reward.status().name().toLowerCase(Locale.ROOT));
            if (reward.isOk()) {
                node.put("total", reward.total());
            } else {
                node.put("reason", reward.reason());
            }
            ObjectNode components = node.putObject("components");
            reward.components().forEach(components::put);
        }
        return answer;
    }
}
