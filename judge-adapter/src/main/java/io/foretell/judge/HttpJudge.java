package io.foretell.judge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.judge.JudgeFailure.Kind;
import io.foretell.platform.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A judge behind {@code POST /v1/chat/completions}, as OpenAI, vLLM and llama.cpp define it. Thread-safe. */
public final class HttpJudge implements JudgeModel {
    private static final int TOO_MANY_REQUESTS = 429;
    private static final Set<Integer> PASSING = Set.of(408, 425, 500, 502, 503, 504, 529);
    private static final int MOST_SHOWN = 300;

    private final String model;
    private final @Nullable String apiKey;
    private final URI endpoint;
    private final HttpClient client;
    private final InstantSource clock;

    /**
     * @param baseUrl up to and including {@code /v1}
     * @param apiKey sent as a bearer token; null for none
     * @param clock for Retry-After headers with a date
     */
    public HttpJudge(String baseUrl, @Nullable String apiKey, String model, Duration timeout, InstantSource clock) {
        this.model = model;
        this.apiKey = apiKey;
        this.endpoint = URI.create(baseUrl.replaceAll("/+$", "") + "/chat/completions");
        this.clock = clock;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(timeout)
                .build();
    }

    @Override
    public String name() {
        return endpoint + " " + model;
    }

    @Override
    public JudgeAnswer ask(JudgeRequest request) throws InterruptedException {
        CompletableFuture<HttpResponse<String>> call =
                client.sendAsync(http(request), HttpResponse.BodyHandlers.ofString());
        try {
            // A deadline on the request itself would stop counting at the response's first line.
            return answer(call.get(request.deadline().toNanos(), TimeUnit.NANOSECONDS));
        } catch (TimeoutException e) {
            throw new JudgeFailure(
                    Kind.TIMEOUT,
                    "the judge did not answer within " + request.deadline().toMillis() + " ms");
        } catch (ExecutionException e) {
            throw new JudgeFailure(Kind.PASSING, "the judge cannot be reached: " + e.getCause());
        } finally {
            call.cancel(true);
        }
    }

    private HttpRequest http(JudgeRequest request) {
        ObjectNode body = Json.mapper().createObjectNode();
        body.put("model", model);
        ArrayNode messages = body.putArray("messages");
        for (JudgeRequest.Message message : request.messages()) {
            messages.addObject().put("role", message.role()).put("content", message.content());
        }
        body.put("temperature", request.temperature());
        body.put("max_tokens", request.maxTokens());
        if (request.temperature() > 0) {
            body.put("top_p", request.topP()).put("seed", request.seed());
        }
        HttpRequest.Builder http = HttpRequest.newBuilder(endpoint)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body.toString()));
        if (apiKey != null) {
            http.header("Authorization", "Bearer " + apiKey);
        }
        return http.build();
    }

    private JudgeAnswer answer(HttpResponse<String> response) {
        int status = response.statusCode();
        if (status != 200) {
            Kind kind =
                    status == TOO_MANY_REQUESTS ? Kind.BUSY : PASSING.contains(status) ? Kind.PASSING : Kind.LASTING;
            throw new JudgeFailure(
                    kind, "the judge answered with status " + status + shown(response.body()), retryAfter(response));
        }
        try {
            JsonNode json = Json.mapper().readTree(response.body());
            JsonNode text = json.path("choices").path(0).path("message").path("content");
            if (!text.isTextual()) {
                throw new JudgeFailure(
                        Kind.PASSING, "the judge's answer has no message of text" + shown(response.body()));
            }
            JsonNode usage = json.path("usage");
            return new JudgeAnswer(
                    text.textValue(),
                    usage.path("prompt_tokens").asLong(-1),
                    usage.path("completion_tokens").asLong(-1));
        } catch (JsonProcessingException e) {
            throw new JudgeFailure(Kind.PASSING, "the judge's answer is not JSON" + shown(response.body()));
        }
    }

    private static String shown(String body) {
        String text = body.strip();
        return text.isEmpty() ? "" : ": " + text.substring(0, Math.min(MOST_SHOWN, text.length()));
    }

    /** Seconds or a date, per RFC 9110. */
    private @Nullable Duration retryAfter(HttpResponse<String> response) {
        String text = response.headers().firstValue("Retry-After").orElse("").strip();
        try {
            if (text.matches("[0-9]{1,9}")) {
                return Duration.ofSeconds(Long.parseLong(text));
            }
            Instant then = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME)
                    .toInstant();
            Duration wait = Duration.between(clock.instant(), then);
            return wait.isNegative() ? Duration.ZERO : wait;
        } catch (DateTimeException e) {
            return null;
        }
    }

    /** Calls in flight end at their own deadlines. */
    @Override
    public void close() {}
}
