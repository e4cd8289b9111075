package io.foretell.reward;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Combined rewards over HTTP; no model is needed for those. */
@Tag("integration")
class RewardRoutesTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static Vertx vertx;
    private static String url;

    @BeforeAll
    static void serve() throws Exception {
        vertx = Vertx.vertx();
        Router router = Router.router(vertx);
        router.route().failureHandler(ctx -> {
            int status = ctx.failure() instanceof ForetellException known
                    ? known.code().status()
                    : 500;
            ctx.response()
                    .setStatusCode(status)
                    .end(Json.mapper()
                            .createObjectNode()
                            .put("detail", ctx.failure().getMessage())
                            .toString());
        });
        Rewards rewards = new Rewards(
                Map.of(
                        "answers",
                        List.of(Parts.part("{kind: exact_match}"), Parts.part("{kind: length, max: 2, weight: 0.5}")),
                        "judged",
                        List.of(Parts.part("{kind: judge, role: safety}"))),
                null);
        new RewardRoutes(null, null, rewards).mount(router);
        HttpServer server = vertx.createHttpServer()
                .requestHandler(router)
                .listen(0)
                .toCompletionStage()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        url = "http://127.0.0.1:" + server.actualPort() + "/v1/score";
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private static JsonNode post(int status, String body) throws IOException, InterruptedException {
        HttpResponse<String> response = CLIENT.send(
                HttpRequest.newBuilder(URI.create(url))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        return Json.mapper().readTree(response.body());
    }

    @Test
    void aGroupIsScoredWithAConfiguredReward() throws Exception {
        JsonNode answer = post(
                200,
                "{\"reward\": \"answers\", \"prompt\": \"2+2=\", \"reference\": \"4\","
                        + " \"responses\": [\"4\", \"it is 4 then\"]}");

        assertThat(answer.path("reward").asText()).isEqualTo("answers");
        assertThat(answer.path("rewards").toString())
                .contains("\"status\":\"ok\",\"total\":1.5")
                .contains("\"status\":\"ok\",\"total\":0.25");
        assertThat(answer.at("/rewards/1/components/exact_match").asDouble(-1)).isZero();
        assertThat(answer.at("/rewards/1/components/length").asDouble(-1)).isEqualTo(0.5);
    }

    @Test
    void whatCannotBeHadHasAReasonAndNoTotal() throws Exception {
        JsonNode reward = post(200, "{\"reward\": \"judged\", \"prompt\": \"\", \"responses\": [\"a\"]}")
                .at("/rewards/0");

        assertThat(reward.path("status").asText()).isEqualTo("failed");
        assertThat(reward.path("reason").asText()).contains("no judge is configured");
        assertThat(reward.has("total")).isFalse();
    }

    @Test
    void whatIsWrongIsNamed() throws Exception {
        assertThat(post(400, "{\"reward\": \"none\", \"prompt\": \"\", \"responses\": [\"a\"]}")
                        .path("detail")
                        .asText())
                .contains("there is no reward 'none'");
        assertThat(post(400, "{\"reward\": \"answers\", \"prompt\": \"\", \"responses\": []}")
                        .path("detail")
                        .asText())
                .contains("'responses' must be a list of 1 to 64 texts");
        assertThat(post(400, "{\"reward\": \"answers\", \"responses\": [\"a\"]}")
                        .path("detail")
                        .asText())
                .contains("'prompt' must be a text");
    }
}
