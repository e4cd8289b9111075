package io.foretell.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class HttpServiceTest {
    private static final int LIMIT = 1000;
    private static Vertx vertx;

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final Metrics metrics = new Metrics();
    private final Health health = new Health();
    private @Nullable HttpService service;

    record Echo(String text, int times) {
        Echo {
            if (text.isBlank()) {
                throw new IllegalArgumentException("text must not be blank");
            }
        }
    }

    private static final class EchoRoutes implements Routes {
        @Override
        public void mount(Router router) {
            router.post("/echo")
                    .consumes("application/json")
                    .handler(Http.limitedBody(LIMIT))
                    .handler(ctx -> Http.json(ctx, 200, Http.body(ctx, Echo.class)));
            router.get("/broken").handler(ctx -> {
                throw new IllegalStateException("password is swordfish");
            });
            router.get("/full").handler(ctx -> Http.fail(ctx, ErrorCode.TOO_MANY_REQUESTS, "try later"));
        }

        @Override
        public String openapiResource() {
            return "openapi/echo.yaml";
        }
    }

    @BeforeAll
    static void openVertx() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void closeVertx() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() throws Exception {
        if (service != null) {
            service.stop().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        }
        metrics.close();
    }

    @Test
    void aValueGoesInAndOutAndUnknownMembersAreIgnored() throws Exception {
        serve();
        HttpResponse<String> answer = post("/echo", "{\"text\":\"a\",\"times\":2,\"more\":true}");

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"text\":\"a\",\"times\":2}");
        assertThat(answer.headers().firstValue("X-Request-Id")).isPresent();
    }

    @Test
    void aGivenRequestIdIsKept() throws Exception {
        serve();
        HttpResponse<String> answer =
                client.send(request("/nowhere").header("X-Request-Id", "abc-1").build(), BodyHandlers.ofString());

        assertThat(answer.headers().firstValue("X-Request-Id")).contains("abc-1");
        assertThat(problem(answer).path("instance").asText()).isEqualTo("/nowhere#abc-1");
    }

    @Test
    void everyRefusalIsAProblemThatOpenAiClientsReadToo() throws Exception {
        serve();
        JsonNode missing = assertProblem(get("/nowhere"), 404, "there is nothing at /nowhere");
        assertThat(missing.path("type").asText()).isEqualTo("/problems/not-found");
        assertThat(missing.path("title").asText()).isEqualTo("Not found");
        assertThat(missing.path("error").path("message").asText()).isEqualTo("there is nothing at /nowhere");
        assertThat(missing.path("error").path("type").asText()).isEqualTo("invalid_request_error");
        assertThat(missing.path("error").path("code").asText()).isEqualTo("not-found");
        assertThat(missing.path("error").has("param")).isTrue();

        assertProblem(get("/echo"), 405, "GET is not possible on /echo");
        HttpResponse<String> plain = client.send(
                request("/echo")
                        .header("Content-Type", "text/plain")
                        .POST(BodyPublishers.ofString("x"))
                        .build(),
                BodyHandlers.ofString());
        assertProblem(plain, 415, "/echo does not read the media type text/plain");
        HttpResponse<String> full = get("/full");
        assertProblem(full, 429, "try later");
        assertThat(full.headers().firstValue("Retry-After")).contains("1");
    }

    @Test
    void aBadBodyIsOneSentence() throws Exception {
        serve();
        assertProblem(post("/echo", ""), 400, "this request needs a JSON body");
        assertProblem(post("/echo", "null"), 400, "this request needs a JSON body, not null");
        assertProblem(post("/echo", "{\"text\":\"\"}"), 400, "text must not be blank");
        assertProblem(post("/echo", "{}"), 400, "the body lacks a required member");
        assertProblem(post("/echo", "{\"times\":\"x\"}"), 400, "'times' must be a whole number");
        assertProblem(post("/echo", "{\"times\":1.5}"), 400, "'times' must be a whole number");
        assertProblem(post("/echo", "[]"), 400, "the body must be a map of keys");
        assertThat(problem(post("/echo", "{\"text\":")).path("detail").asText())
                .startsWith("the body is not valid JSON at line 1, column ");
        assertThat(problem(post("/echo", "{} x")).path("status").asInt()).isEqualTo(400);
    }

    @Test
    void anUnexpectedFailureLeaksNothing() throws Exception {
        serve();
        HttpResponse<String> answer = get("/broken");

        assertThat(answer.body()).doesNotContain("swordfish");
        String id = answer.headers().firstValue("X-Request-Id").orElseThrow();
        assertProblem(answer, 500, "the server failed; its log has the reason under request id " + id);
    }

    @Test
    void aBodyThatIsTooLargeIsRefusedByLengthAndByContent() throws Exception {
        serve();
        String large = "x".repeat(200_000);
        assertProblem(post("/echo", large), 413, "the body is larger than 1000 bytes");

        HttpRequest chunked = request("/echo")
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofInputStream(() -> stream(large)))
                .build();
        assertProblem(client.send(chunked, BodyHandlers.ofString()), 413, "the body is larger than 1000 bytes");
        assertThat(get("/health/live").statusCode()).isEqualTo(200);
    }

    @Test
    void aClientThatAsksFirstIsToldBeforeItSendsABody() throws Exception {
        serve();
        String refused = exchange("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                + "Content-Length: 5000\r\nExpect: 100-continue\r\n\r\n");
        assertThat(refused).startsWith("HTTP/1.1 413").doesNotContain("100 Continue");

        String body = "{\"text\":\"b\",\"times\":1}";
        try (Socket socket = new Socket("127.0.0.1", service.port())) {
            socket.setSoTimeout(60_000);
            send(
                    socket,
                    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n"
                            + "Content-Length: " + body.length() + "\r\nExpect: 100-continue\r\n\r\n");
            assertThat(new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII))
                    .isEqualTo("HTTP/1.1 100");
            send(socket, body);
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .contains("HTTP/1.1 200")
                    .endsWith(body);
        }
    }

    @Test
    void whatIsNotHttpIsAProblemToo() throws Exception {
        serve();
        assertThat(exchange("hello\r\n\r\n"))
                .contains(" 400 Bad Request")
                .contains("application/problem+json")
                .contains("the request is not HTTP");
    }

    @Test
    void withKeysOnlyHealthIsOpen() throws Exception {
        serve(new HttpSettings("127.0.0.1", 0, List.of("one", "two"), null, LIMIT));

        HttpResponse<String> answer = get("/metrics");
        assertThat(answer.statusCode()).isEqualTo(401);
        assertThat(answer.headers().firstValue("WWW-Authenticate")).contains("Bearer");
        assertThat(problem(answer).path("error").path("type").asText()).isEqualTo("authentication_error");
        assertThat(get("/metrics", "X-API-Key", "three").statusCode()).isEqualTo(401);
        assertThat(get("/nowhere").statusCode()).isEqualTo(401);
        assertThat(get("/metrics", "X-API-Key", "two").statusCode()).isEqualTo(200);
        assertThat(get("/metrics", "Authorization", "Bearer one").statusCode()).isEqualTo(200);
        assertThat(get("/health/live").statusCode()).isEqualTo(200);
        assertThat(get("/health/ready").statusCode()).isEqualTo(200);
    }

    @Test
    void otherMachinesAreNotServedWithoutKeys() {
        assertThatThrownBy(() -> serve(new HttpSettings("0.0.0.0", 0, null, null, LIMIT)))
                .hasRootCauseInstanceOf(ConfigurationException.class)
                .hasRootCauseMessage("http.host 0.0.0.0 can be reached from other machines: set http.api_keys,"
                        + " or listen on 127.0.0.1");
    }

    @Test
    void aTakenPortIsOneSentence() throws Exception {
        serve();
        HttpSettings same = new HttpSettings("127.0.0.1", service.port(), null, null, LIMIT);
        Vertx other = Vertx.vertx();
        try {
            assertThatThrownBy(() -> HttpService.start(other, same, List.of(), metrics, health)
                            .toCompletionStage()
                            .toCompletableFuture()
                            .get(60, TimeUnit.SECONDS))
                    .cause()
                    .isInstanceOf(ForetellException.class)
                    .hasMessage("port " + service.port() + " on 127.0.0.1 is taken by another program: stop it or"
                            + " choose one with http.port (0 takes a free one)");
        } finally {
            other.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        }
    }

    @Test
    void everyServiceThatAsksForAFreePortGetsItsOwn() throws Exception {
        serve();
        HttpService second = HttpService.start(
                        vertx, new HttpSettings("127.0.0.1", 0, null, null, LIMIT), List.of(), metrics, health)
                .toCompletionStage()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);

        assertThat(second.port()).isPositive().isNotEqualTo(service.port());
        second.stop().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        assertThat(get("/health/live").statusCode()).isEqualTo(200);
    }

    @Test
    void readinessTellsEveryCheck() throws Exception {
        serve();
        health.check("store", Optional::empty);
        health.check("policy", () -> Optional.of("no policy is loaded"));

        HttpResponse<String> answer = get("/health/ready");
        assertThat(answer.statusCode()).isEqualTo(503);
        assertThat(Json.mapper().readTree(answer.body()))
                .isEqualTo(Json.mapper()
                        .valueToTree(Map.of(
                                "status",
                                "not ready",
                                "checks",
                                Map.of("store", "ok", "policy", "no policy is loaded"))));
        health.check("policy", Optional::empty);
        assertThat(get("/health/ready").statusCode()).isEqualTo(200);
        health.stopping();
        assertThat(get("/health/ready").statusCode()).isEqualTo(503);
    }

    @Test
    void metricsAndOpenApiAreServed() throws Exception {
        serve();
        metrics.gauge("trainer_loss", 0.5);
        metrics.gauge("reward/mean", 0.25);
        metrics.count("dropped_groups", "reason", "stale");

        assertThat(get("/metrics").body())
                .contains("trainer_loss 0.5")
                .contains("reward_mean 0.25")
                .contains("dropped_groups_total{reason=\"stale\"} 1.0")
                .contains("process_resident_memory_bytes")
                .contains("jvm_memory_used_bytes");
        assertThat(get("/openapi/echo.yaml").body()).isEqualTo("openapi: 3.1.0\n");
    }

    private void serve() throws Exception {
        serve(new HttpSettings("127.0.0.1", 0, null, null, LIMIT));
    }

    private void serve(HttpSettings settings) throws Exception {
        service = HttpService.start(vertx, settings, List.of(new EchoRoutes()), metrics, health)
                .toCompletionStage()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create(service.url() + path)).timeout(Duration.ofSeconds(60));
    }

    private HttpResponse<String> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request = request(path);
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), BodyHandlers.ofString());
    }

    private HttpResponse<String> post(String path, String body) throws Exception {
        HttpRequest request = request(path)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build();
        return client.send(request, BodyHandlers.ofString());
    }

    private String exchange(String request) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", service.port())) {
            socket.setSoTimeout(60_000);
            send(socket, request);
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void send(Socket socket, String text) throws Exception {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static JsonNode assertProblem(HttpResponse<String> answer, int status, String detail) throws Exception {
        assertThat(answer.statusCode()).isEqualTo(status);
        JsonNode problem = problem(answer);
        assertThat(problem.path("detail").asText()).isEqualTo(detail);
        assertThat(problem.path("status").asInt()).isEqualTo(status);
        return problem;
    }

    private static JsonNode problem(HttpResponse<String> answer) throws Exception {
        assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
        return Json.mapper().readTree(answer.body());
    }

    private static InputStream stream(String text) {
        return new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8));
    }
}
