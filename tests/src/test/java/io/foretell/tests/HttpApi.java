package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A running server, every answer of which is held against its OpenAPI document: the status is described, the headers are
 * there, the media type is one of those described, and a JSON body follows its schema and has nothing beyond it.
 *
 * @param key shown with every request; null for none
 */
record HttpApi(String url, @Nullable String key) {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final Duration DEADLINE = Duration.ofSeconds(120);

    /**
     * What an operation is asked.
     *
     * @param parameters by name; they go where the document says
     * @param type of the body; empty for none
     */
    record Request(Map<String, String> parameters, String type, String body) {
        static final Request NONE = new Request(Map.of(), "", "");

        static Request of(Map<String, String> parameters) {
            return new Request(parameters, "", "");
        }

        static Request json(String body) {
            return new Request(Map.of(), "application/json", body);
        }
    }

    /** @param body the JSON, or the text of another media type */
    record Answer(int status, JsonNode body, String text) {}

    HttpApi withoutKey() {
        return new HttpApi(url, null);
    }

    /** Asks, and expects this status. */
    Answer call(int status, String operationId, Request request) {
        Answer answer = call(operationId, request);
        assertThat(answer.status())
                .as("status of %s: %s", operationId, answer.text())
                .isEqualTo(status);
        return answer;
    }

    /** Asks, and holds the answer against the document. */
    Answer call(String operationId, Request request) {
        OpenApi.Operation operation = OpenApi.operation(operationId);
        HttpResponse<String> response = send(operation, request, HttpResponse.BodyHandlers.ofString());
        String what = operation + " answered " + response.statusCode() + " " + response.body();
        JsonNode described = operation.response(response.statusCode());
        assertThat(described.isMissingNode())
                .as("status is missing in %s: %s", operation.document(), what)
                .isFalse();
        headers(described, response, what);
        return new Answer(response.statusCode(), body(described, response, what), response.body());
    }

    /** Asks for what no document describes, and expects a problem. */
    void problem(int status, String method, String path) {
        HttpResponse<String> response = send(
                authorized().uri(URI.create(url + path)).method(method, HttpRequest.BodyPublishers.noBody()),
                HttpResponse.BodyHandlers.ofString(),
                method + " " + path);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        body(OpenApi.of("server.yaml").root().at("/components/responses/NotFound"), response, method + " " + path);
    }

    /** The body of an answer that does not end. */
    InputStream stream(String operationId, Request request) {
        HttpResponse<InputStream> response =
                send(OpenApi.operation(operationId), request, HttpResponse.BodyHandlers.ofInputStream());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(OpenApi.operation(operationId).response(200).path("content").has(mediaType(response)))
                .as("media type %s", mediaType(response))
                .isTrue();
        return response.body();
    }

    private static void headers(JsonNode described, HttpResponse<?> response, String what) {
        assertThat(response.headers().firstValue("X-Request-Id")).as(what).isPresent();
        OpenApi.members(described.path("headers")).forEach((name, header) -> {
            String value = response.headers().firstValue(name).orElse("");
            boolean isNumber = header.path("schema").path("type").asText().equals("integer");
            JsonNode typed = isNumber ? TestRun.json(value) : TextNode.valueOf(value);
            assertThat(Schemas.violations(header.path("schema"), typed))
                    .as("header %s '%s': %s", name, value, what)
                    .isEmpty();
        });
    }

    private static JsonNode body(JsonNode described, HttpResponse<String> response, String what) {
        String type = mediaType(response);
        if (!described.has("content")) {
            assertThat(response.body()).as(what).isEmpty();
            return MissingNode.getInstance();
        }
        assertThat(described.path("content").has(type))
                .as("media type %s is described: %s", type, what)
                .isTrue();
        if (!type.endsWith("json")) {
            return MissingNode.getInstance();
        }
        JsonNode body = TestRun.json(response.body());
        JsonNode schema = described.path("content").path(type).path("schema");
        assertThat(Schemas.violations(Schemas.closed(schema), body)).as(what).isEmpty();
        if (type.equals("application/problem+json")) {
            assertThat(body.path("status").asInt()).as(what).isEqualTo(response.statusCode());
        }
        return body;
    }

    private static String mediaType(HttpResponse<?> response) {
        return response.headers().firstValue("Content-Type").orElse("").split(";", 2)[0];
    }

    private <T> HttpResponse<T> send(
            OpenApi.Operation operation, Request request, HttpResponse.BodyHandler<T> handler) {
        String path = operation.path();
        List<String> query = new ArrayList<>();
        HttpRequest.Builder builder = authorized();
        for (JsonNode parameter : operation.node().path("parameters")) {
            String name = parameter.path("name").asText();
            String value = request.parameters().get(name);
            if (value != null) {
                String encoded = URLEncoder.encode(value, StandardCharsets.UTF_8);
                switch (parameter.path("in").asText()) {
                    case "path" -> path = path.replace("{" + name + "}", encoded);
                    case "query" -> query.add(name + "=" + encoded);
                    default -> builder.header(name, value);
                }
            }
        }
        if (!request.type().isEmpty()) {
            builder.header("Content-Type", request.type());
        }
        HttpRequest.BodyPublisher body = request.body().isEmpty()
                ? HttpRequest.BodyPublishers.noBody()
                : HttpRequest.BodyPublishers.ofString(request.body());
        URI uri = URI.create(url + path + (query.isEmpty() ? "" : "?" + String.join("&", query)));
        return send(builder.uri(uri).method(operation.method(), body), handler, operation.toString());
    }

    private HttpRequest.Builder authorized() {
        HttpRequest.Builder builder = HttpRequest.newBuilder().timeout(DEADLINE);
        return key == null ? builder : builder.header("Authorization", "Bearer " + key);
    }

    private static <T> HttpResponse<T> send(
            HttpRequest.Builder request, HttpResponse.BodyHandler<T> handler, String what) {
        try {
            return CLIENT.send(request.build(), handler);
        } catch (IOException e) {
            throw new AssertionError(what + " has no answer", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
