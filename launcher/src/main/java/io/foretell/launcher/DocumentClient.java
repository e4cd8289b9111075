package io.foretell.launcher;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A client of a running server. Documents can be sent again after any failure, because the server deduplicates them
 * by id. Every request has a deadline, and retries while the server is busy are limited. Confined to one thread.
 */
final class DocumentClient {
    private static final Duration CONNECT = Duration.ofSeconds(5);
    private static final Duration DEADLINE = Duration.ofSeconds(60);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);
    private static final Duration MOST_WAITING = Duration.ofMinutes(5);
    private static final int ATTEMPTS = 4;
    private static final int ACCEPTED = 202;

    /** How to wait: a seam for tests. */
    interface Pause {
        void of(Duration duration) throws InterruptedException;
    }

    /** A rejected line, numbered from 1, and the reason. */
    record Rejection(int line, String detail) {}

    /** Result of a batch. */
    record Answer(long accepted, List<Rejection> rejected) {}

    private final HttpClient http = HttpClient.newBuilder()
            .connectTimeout(CONNECT)
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    private final String url;
    private final @Nullable String key;
    private final Pause pause;

    /** @param keyFile file with the API key; null for none */
    DocumentClient(String url, @Nullable Path keyFile, Pause pause) {
        if (!url.matches("https?://[^/\\s]+.*")) {
            throw new IllegalArgumentException("--url is '" + url + "' but must look like http://127.0.0.1:8080");
        }
        this.url = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
        this.key = keyFile == null ? null : key(keyFile);
        this.pause = pause;
    }

    private static String key(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw new IllegalArgumentException("--api-key-file " + file + " cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * Sends newline-delimited documents; retries while the server is busy or a connection fails.
     *
     * @throws ForetellException UNAVAILABLE if there is no server or no room, INVALID_REQUEST if it rejects all
     */
    Answer post(byte[] lines) throws InterruptedException {
        HttpRequest request = request("/v1/documents")
                .header("Content-Type", "application/x-ndjson")
                .POST(HttpRequest.BodyPublishers.ofByteArray(lines))
                .build();
        HttpResponse<String> response = send(request);
        if (response.statusCode() != ACCEPTED) {
            throw refused(response);
        }
        JsonNode answer = json(response.body());
        List<Rejection> rejected = new ArrayList<>();
        answer.path("rejected")
                .forEach(one -> rejected.add(new Rejection(
                        one.path("line").asInt(), one.path("detail").asText())));
        return new Answer(answer.path("accepted").asLong(), rejected);
    }

    /** The answer to {@code GET path}. */
    JsonNode get(String path) throws InterruptedException {
        HttpResponse<String> response = send(request(path).GET().build());
        if (response.statusCode() != 200) {
            throw refused(response);
        }
        return json(response.body());
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url + path)).timeout(DEADLINE);
        return key == null ? request : request.header("Authorization", "Bearer " + key);
    }

    private HttpResponse<String> send(HttpRequest request) throws InterruptedException {
        int failures = 0;
        Duration waited = Duration.ZERO;
        while (true) {
            try {
                HttpResponse<String> response =
                        http.send(request, HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
                boolean isBusy = response.statusCode() == 429 || response.statusCode() == 503;
                Duration wait = retryAfter(response);
                waited = waited.plus(wait);
                if (!isBusy || waited.compareTo(MOST_WAITING) > 0) {
                    return response;
                }
                failures = 0;
                pause.of(wait);
            } catch (IOException e) {
                failures++;
                if (failures == ATTEMPTS) {
                    throw gone(e);
                }
                pause.of(Duration.ofMillis(250L << failures));
            }
        }
    }

    /** Between one second and half a minute; one second if the server sends a date or nothing. */
    private static Duration retryAfter(HttpResponse<?> response) {
        String header = response.headers().firstValue("Retry-After").orElse("1");
        long seconds = header.matches("\\d{1,9}") ? Long.parseLong(header) : 1;
        return Duration.ofSeconds(Math.max(1, Math.min(LONGEST_WAIT.toSeconds(), seconds)));
    }

    private ForetellException gone(IOException e) {
        String reason = e.getMessage() == null ? "connection refused" : e.getMessage();
        return new ForetellException(
                ErrorCode.UNAVAILABLE,
                "no server answers at " + url + " (" + reason
                        + "): start one with ./foretell up -c configs/quickstart.yaml, or name another with --url",
                e);
    }

    private ForetellException refused(HttpResponse<String> response) {
        int status = response.statusCode();
        String detail = json(response.body()).path("detail").asText("");
        String advice = switch (status) {
            case 401 -> "; give the key with --api-key-file";
            case 404 -> "; is this the server of the role that is asked for?";
            default -> "";
        };
        ErrorCode code = status == 429 || status >= 500 ? ErrorCode.UNAVAILABLE : ErrorCode.INVALID_REQUEST;
        return new ForetellException(
                code, url + " answered " + status + (detail.isEmpty() ? "" : ": " + detail) + advice);
    }

    private static JsonNode json(String body) {
        try {
            JsonNode tree = Json.mapper().readTree(body);
            return tree == null || !tree.isObject() ? Json.mapper().createObjectNode() : tree;
        } catch (IOException e) {
            return Json.mapper().createObjectNode();
        }
    }
}
