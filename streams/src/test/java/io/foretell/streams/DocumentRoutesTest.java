package io.foretell.streams;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.Health;
import io.foretell.platform.HttpService;
import io.foretell.platform.HttpSettings;
import io.foretell.platform.Json;
import io.foretell.platform.Metrics;
import io.foretell.platform.Sha256;
import io.foretell.platform.Time;
import io.foretell.sources.DocumentParser;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("integration")
class DocumentRoutesTest {
    private final String bootstrap = SharedBroker.bootstrap();
    private final Topics topics = SharedBroker.run(1);
    private final Vertx vertx = Vertx.vertx();
    private final Metrics metrics = new Metrics();
    private final HttpClient client = HttpClient.newHttpClient();
    private final Map<String, String> known = Map.of("known", Sha256.hex(Sha256.of("old text")));
    private DocumentGateway gateway;
    private HttpService server;

    @BeforeEach
    void start() throws Exception {
        serve(new DocumentGateway(bootstrap, topics, Time.system()));
    }

    private void serve(DocumentGateway with) throws Exception {
        gateway = with;
        server = HttpService.start(
                        vertx,
                        new HttpSettings("127.0.0.1", 0, null, null, 1_000_000),
                        List.of(new DocumentRoutes(gateway, id -> Optional.ofNullable(known.get(id)))),
                        metrics,
                        new Health())
                .toCompletionStage()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() throws Exception {
        server.stop().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        gateway.close();
        metrics.close();
    }

    @Test
    void documentIsOnTheTopicWhenTheAnswerIs202() throws Exception {
        String json = "{\"id\":\"a\",\"text\":\"some text\",\"x\":1}";
        HttpResponse<String> answer = post("application/json; charset=utf-8", json);
        assertThat(answer.statusCode()).isEqualTo(202);
        assertThat(answer.body()).contains("\"accepted\":1", "\"id\":\"a\"");
        assertThat(post("application/json", "{\"text\":\"untidy \\r\\n\"}").statusCode())
                .isEqualTo(202);
        List<String> stored = stored(2);
        assertThat(stored.get(0)).isEqualTo(json);
        assertThat(new DocumentParser()
                        .parse(stored.get(1).getBytes(StandardCharsets.UTF_8))
                        .text())
                .isEqualTo("untidy");
    }

    @Test
    void badDocumentsAreRefusedWithTheRightStatus() throws Exception {
        assertThat(post("application/json", "{").statusCode()).isEqualTo(400);
        assertThat(post("application/json", "").statusCode()).isEqualTo(400);
        assertThat(post("application/json", "{\"text\":\" \"}").statusCode()).isEqualTo(422);
        assertThat(post("text/plain", "hello").statusCode()).isEqualTo(415);
        assertThat(post("application/json", "{\"text\":\"" + "x".repeat(10_000_001) + "\"}")
                        .statusCode())
                .isEqualTo(413);
        assertThat(post("application/json", "x".repeat(12_000_000)).statusCode())
                .isEqualTo(413);
        HttpResponse<String> conflict = post("application/json", "{\"id\":\"known\",\"text\":\"new text\"}");
        assertThat(conflict.statusCode()).isEqualTo(409);
        assertThat(conflict.headers().firstValue("content-type")).contains("application/problem+json");
        assertThat(conflict.body()).contains("'known' belongs to another text");
        assertThat(post("application/json", "{\"id\":\"known\",\"text\":\"old text\"}")
                        .statusCode())
                .isEqualTo(202);
        assertThat(stored(1)).hasSize(1);
    }

    @Test
    void largestDocumentIsTaken() throws Exception {
        assertThat(post("application/json", "{\"text\":\"" + "x".repeat(10_000_000) + "\"}")
                        .statusCode())
                .isEqualTo(202);
        assertThat(stored(1)).hasSize(1);
    }

    @Test
    void linesAreTakenAndBadOnesReportedByNumber() throws Exception {
        StringBuilder lines = new StringBuilder();
        for (int i = 1; i <= 5000; i++) {
            lines.append(
                    i % 1000 == 7 ? "broken" : "{\"id\":\"d" + i + "\",\"text\":\"" + "text ".repeat(50) + i + "\"}");
            lines.append(i % 2 == 0 ? "\n" : "\r\n");
        }
        lines.append("\n{\"id\":\"known\",\"text\":\"new text\"}\n{\"id\":\"last\",\"text\":\"no newline\"}");
        HttpResponse<String> answer = post("application/x-ndjson", lines.toString());
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
        JsonNode body = Json.mapper().readTree(answer.body());
        assertThat(body.path("accepted").asInt()).isEqualTo(4996);
        assertThat(body.path("rejected").findValuesAsText("line"))
                .containsExactly("7", "1007", "2007", "3007", "4007", "5002");
        List<String> stored = stored(4996);
        assertThat(stored).hasSize(4996);
        assertThat(stored.get(0)).contains("\"d1\"");
        assertThat(stored.get(4995)).contains("\"last\"");
    }

    @Test
    void uploadWaitsForRoomInsteadOfFailing() throws Exception {
        stopServer();
        serve(new DocumentGateway(bootstrap, topics, 10, 10_000, Time.system()));
        String lines = ("{\"text\":\"" + "y".repeat(900) + "\"}\n").repeat(500);
        HttpResponse<String> answer = post("application/x-ndjson", lines);
        assertThat(answer.statusCode()).isEqualTo(202);
        assertThat(answer.body()).contains("\"accepted\":500");
        assertThat(gateway.inFlight()).isZero();
    }

    @Test
    void tooMuchAtOnceIsRefusedAtOnceAndMayBeRepeated() throws Exception {
        stopServer();
        serve(new DocumentGateway(bootstrap, topics, 0, 10_000, Time.system()));
        HttpResponse<String> answer = post("application/json", "{\"text\":\"abc\"}");
        assertThat(answer.statusCode()).isEqualTo(429);
        assertThat(answer.headers().firstValue("retry-after")).isPresent();
    }

    @Test
    void statusOfADocumentIsKnownOnceItWasRead() throws Exception {
        assertThat(get("/v1/documents/known").body()).contains("\"known\"", "sha256");
        assertThat(get("/v1/documents/other").body()).contains("\"unknown\"");
        assertThat(get("/openapi/documents.yaml").body()).contains("/v1/documents/{id}:");
    }

    private void stopServer() throws Exception {
        server.stop().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        gateway.close();
    }

    private HttpResponse<String> post(String type, String body) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(server.url() + "/v1/documents"))
                .timeout(Duration.ofSeconds(60))
                .header("Content-Type", type)
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private HttpResponse<String> get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(server.url() + path))
                .timeout(Duration.ofSeconds(60))
                .build();
        return client.send(request, HttpResponse.BodyHandlers.ofString());
    }

    private List<String> stored(int atLeast) {
        List<String> stored = new ArrayList<>();
        try (GroupReader reader = new GroupReader(bootstrap, topics.documents(), Map.of())) {
            WorkQueueTest.eventually(() -> {
                reader.poll(Duration.ofMillis(300))
                        .forEach(record -> stored.add(new String(record.value(), StandardCharsets.UTF_8)));
                return stored.size() >= atLeast;
            });
        }
        return stored;
    }
}
