package io.foretell.weightsync;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.PublishedWeights;
import io.foretell.platform.Health;
import io.foretell.platform.HttpService;
import io.foretell.platform.HttpSettings;
import io.foretell.platform.Metrics;
import io.foretell.platform.Time;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Published versions over real HTTP, with keys. */
@Tag("integration")
class PolicyDownloadsTest {
    private static final byte[] WEIGHTS = new byte[1_000_000];

    static {
        new Random(4).nextBytes(WEIGHTS);
    }

    @TempDir
    Path folder;

    private final Vertx vertx = Vertx.vertx();
    private final Metrics metrics = new Metrics();
    private final HttpClient client = HttpClient.newHttpClient();
    private PolicyStore.Published published;
    private HttpService service;

    @BeforeEach
    void serve() throws Exception {
        Path policies = folder.resolve("policies");
        published = new PolicyStore(policies, false).publish(7, aside -> {
            try {
                Files.write(aside.resolve("model.safetensors"), WEIGHTS);
                Files.writeString(aside.resolve("config.json"), "{}");
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
        Files.writeString(folder.resolve("secret"), "not for others");
        service = HttpService.start(
                        vertx,
                        new HttpSettings("127.0.0.1", 0, List.of("key"), null, 1 << 20),
                        List.of(new PolicyDownloads(policies)),
                        metrics,
                        new Health())
                .toCompletionStage()
                .toCompletableFuture()
                .get(30, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() throws Exception {
        service.stop().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        vertx.close().toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
        metrics.close();
    }

    private HttpResponse<byte[]> get(String path, String... headers) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(service.url() + path)).header("Authorization", "Bearer key");
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }

    @Test
    void versionsAndTheirManifestsAreListed() throws Exception {
        assertThat(new String(get("/v1/policies").body())).isEqualTo("{\"versions\":[7]}");
        assertThat(new String(get("/v1/policies/7").body()))
                .contains("\"size\":1000000")
                .contains(published.files().get("config.json"));
    }

    @Test
    void aRangeIsServedAsSuch() throws Exception {
        HttpResponse<byte[]> part = get("/v1/policies/7/model.safetensors", "Range", "bytes=999990-");
        assertThat(part.statusCode()).isEqualTo(206);
        assertThat(part.headers().firstValue("Content-Range")).contains("bytes 999990-999999/1000000");
        assertThat(part.body()).hasSize(10).endsWith(WEIGHTS[999_999]);
        HttpResponse<byte[]> middle = get("/v1/policies/7/model.safetensors", "Range", "bytes=5-6");
        assertThat(middle.body()).containsExactly(WEIGHTS[5], WEIGHTS[6]);
        assertThat(get("/v1/policies/7/model.safetensors", "Range", "bytes=1000000-")
                        .statusCode())
                .isEqualTo(416);
        assertThat(get("/v1/policies/7/model.safetensors", "Range", "lines=1-").statusCode())
                .isEqualTo(200);
    }

    @Test
    void nothingElseIsServed() throws Exception {
        for (String path : List.of(
                "/v1/policies/8",
                "/v1/policies/8/model.safetensors",
                "/v1/policies/7/manifest.json",
                "/v1/policies/7/..%2f..%2fsecret",
                "/v1/policies/7/absent")) {
            assertThat(get(path).statusCode()).as(path).isEqualTo(404);
        }
        assertThat(get("/v1/policies/..%2f7/config.json").statusCode()).isEqualTo(400);
        HttpResponse<Void> without = client.send(
                HttpRequest.newBuilder(URI.create(service.url() + "/v1/policies/7/config.json"))
                        .build(),
                HttpResponse.BodyHandlers.discarding());
        assertThat(without.statusCode()).isEqualTo(401);
    }

    @Test
    void aWorkerWithAKeyFetchesAVersion() {
        PublishedWeights version = new PublishedWeights("run", 7, "/not/here", published.files());
        URI learner = URI.create(service.url());
        Path cache = folder.resolve("cache");

        PolicyFetch.Fetched fetched = new HttpFetch(learner, "key", cache, Duration.ofSeconds(60), Time.system())
                .fetch(version, name -> true);

        assertThat(fetched.bytes()).isEqualTo(published.bytes());
        assertThat(fetched.folder().resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
        assertThatThrownBy(() -> new HttpFetch(learner, null, cache, Duration.ofSeconds(60), Time.system())
                        .fetch(version, name -> true))
                .hasMessageContaining("http.api_keys");
    }
}
