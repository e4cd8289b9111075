package io.foretell.judge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.objectives.RewardStatus;
import io.foretell.objectives.Verdict;
import io.foretell.platform.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Asks a chat model for a score. The answer's last line must read {@code Score: NUMBER}; anything else is a failure with
 * the reason, never a zero. Thread-safe.
 */
public final class Judge {
    private static final Pattern SCORE = Pattern.compile("(?im)^\\h*score:\\h*(-?\\d+(?:\\.\\d+)?)\\h*$");
    private static final long BACK_OFF_MS = 200;

    private final JudgeSettings settings;
    private final HttpClient client;
    private final Semaphore permits;

    public Judge(JudgeSettings settings) {
        this.settings = settings;
        this.client = HttpClient.newBuilder().connectTimeout(settings.timeout()).build();
        this.permits = new Semaphore(settings.maxConcurrent());
    }

    /** A verdict of {@code role} on {@code material}; never completes exceptionally. */
    public CompletableFuture<Verdict> ask(String role, String material) {
        String prompt = settings.prompts().get(role);
        if (settings.baseUrl() == null || prompt == null) {
            return CompletableFuture.completedFuture(failed(
                    settings.baseUrl() == null
                            ? "no judge is configured: set reward.judge.base_url"
                            : "reward.judge.prompts has no role '" + role + "'"));
        }
        if (!permits.tryAcquire()) {
            return CompletableFuture.completedFuture(
                    failed("the judge is asked " + settings.maxConcurrent() + " times at once already"));
        }
        return attempt(request(prompt, material), 1).whenComplete((verdict, failure) -> permits.release());
    }

    private HttpRequest request(String prompt, String material) {
        ObjectNode body = Json.mapper().createObjectNode();
        body.put("model", settings.model()).put("temperature", 0);
        body.putArray("messages").add(message("system", prompt)).add(message("user", material));
        URI endpoint = URI.create(settings.baseUrl().replaceAll("/+$", "") + "/chat/completions");
        HttpRequest.Builder request = HttpRequest.newBuilder(endpoint)
                .timeout(settings.timeout())
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
        if (settings.apiKey() != null) {
            request.header("Authorization", "Bearer " + settings.apiKey());
        }
        return request.build();
    }

    private static ObjectNode message(String role, String content) {
        return Json.mapper().createObjectNode().put("role", role).put("content", content);
    }

    private CompletableFuture<Verdict> attempt(HttpRequest request, int number) {
        return client.sendAsync(request, HttpResponse.BodyHandlers.ofString())
                .handle((response, failure) -> {
                    boolean passing = failure != null || response.statusCode() == 429 || response.statusCode() >= 500;
                    if (passing && number < settings.maxAttempts()) {
                        Executor later =
                                CompletableFuture.delayedExecutor(BACK_OFF_MS << (number - 1), TimeUnit.MILLISECONDS);
                        return CompletableFuture.supplyAsync(() -> attempt(request, number + 1), later)
                                .thenCompose(again -> again);
                    }
                    return CompletableFuture.completedFuture(
                            failure != null ? unreachable(failure, number) : verdict(response));
                })
                .thenCompose(verdict -> verdict);
    }

    private static Verdict unreachable(Throwable failure, int attempts) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        String sentence = "the judge did not answer after " + attempts + " attempts: " + cause;
        return cause instanceof HttpTimeoutException
                ? new Verdict(RewardStatus.TIMEOUT, 0, sentence)
                : failed(sentence);
    }

    private static Verdict verdict(HttpResponse<String> response) {
        if (response.statusCode() != 200) {
            return failed("the judge answered with status " + response.statusCode());
        }
        try {
            JsonNode json = Json.mapper().readTree(response.body());
            String text =
                    json.path("choices").path(0).path("message").path("content").asText("");
            Matcher matcher = SCORE.matcher(text);
            Double score = null;
            while (matcher.find()) {
                score = Double.valueOf(matcher.group(1));
            }
            return score == null || score.isInfinite()
                    ? failed("the judge's answer has no line 'Score: NUMBER': " + text)
                    : new Verdict(RewardStatus.OK, score, text);
        } catch (JsonProcessingException e) {
            return failed("the judge's answer is not JSON");
        }
    }

    private static Verdict failed(String reason) {
        return new Verdict(RewardStatus.FAILED, 0, reason);
    }
}
