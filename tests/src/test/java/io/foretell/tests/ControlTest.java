package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A running learner is told what to do over HTTP, is killed, and remembers it. */
@Tag("slow")
class ControlTest {
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final Duration PROGRESS = Duration.ofSeconds(90);
    private static final double PEAK = 3e-4;
    private static final double SMALLEST = 0.1;
    private static final int ANNEAL = 40;
    private static final int REWARM = 5;

    @TempDir
    private Path folder;

    private static JsonNode call(String method, ForetellProcess up, String path) {
        try {
            HttpResponse<String> response = CLIENT.send(
                    HttpRequest.newBuilder(URI.create(up.url() + path))
                            .method(method, HttpRequest.BodyPublishers.noBody())
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
            assertThat(response.statusCode()).as(path).isBetween(200, 202);
            return TestRun.json(response.body());
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static JsonNode status(ForetellProcess up) {
        return call("GET", up, "/v1/status");
    }

    private static void awaitStep(ForetellProcess up, long step) {
        Awaitility.await("step " + step)
                .atMost(PROGRESS)
                .until(() -> status(up).path("step").asLong() >= step);
    }

    @Test
    void pauseCheckpointAndAnnealAreDoneAndTheAnnealSurvivesAKill() {
        TestRun run = new TestRun(folder, "told");
        Path config = run.config(
                5,
                0,
                Map.of(
                        "learner",
                        "{prompts_per_step: " + TestRun.PROMPTS_PER_STEP + ", lr_schedule: infinite, min_lr_ratio: "
                                + SMALLEST + ", schedule: {cooldown_steps: 2, constant_ratio: 0.5, anneal_steps: "
                                + ANNEAL + ", rewarm_steps: " + REWARM + "}}",
                        "ckpt",
                        "{interval: 7}"));
        long annealFrom;
        long paused;
        try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config)) {
            awaitStep(up, 12);
            call("POST", up, "/v1/pause");
            Awaitility.await("paused")
                    .atMost(PROGRESS)
                    .until(() -> status(up).path("state").asText().equals("paused"));
            paused = status(up).path("step").asLong();
            call("POST", up, "/v1/checkpoint");
            Awaitility.await("a checkpoint while it is paused")
                    .atMost(PROGRESS)
                    .until(() -> status(up).path("checkpoint_step").asLong() == paused);
            call("POST", up, "/v1/anneal");
            Awaitility.await("the anneal")
                    .atMost(PROGRESS)
                    .until(() -> status(up).path("anneal_from").asLong() == paused + 1);
            call("POST", up, "/v1/resume");
            awaitStep(up, paused + 9);
            annealFrom = status(up).path("anneal_from").asLong();
            assertThat(annealFrom).isEqualTo(paused + 1);
            assertThat(status(up).path("consumers"))
                    .hasSize(2)
                    .allSatisfy(consumer ->
                            assertThat(consumer.path("version").asLong()).isPositive());
            up.kill();
        }
        long before = run.lastStep();
        long resumed = Long.parseLong(
                TestRun.read(run.folder().resolve("checkpoints/latest")).strip());
        try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config)) {
            awaitStep(up, before + 8);
            assertThat(status(up).path("anneal_from").asLong()).isEqualTo(annealFrom);
            up.interrupt();
            assertThat(up.awaitExit(PROGRESS)).isZero();
        }
        assertThat(resumed).as("killed after step %d", before).isBetween(paused, before);
        List<JsonNode> steps = run.steps();
        for (JsonNode row : steps) {
            long step = row.path("step").asLong();
            if (step > 7) {
                double annealed =
                        0.5 * PEAK * Math.pow(SMALLEST / 0.5, Math.min(1, (step - annealFrom + 1.0) / ANNEAL));
                double rate = step < annealFrom ? 0.5 * PEAK : annealed;
                double share = step > resumed ? Math.min(1, (step - resumed) / (double) REWARM) : 1;
                assertThat(row.path("actor/lr").asDouble())
                        .as("step %d, annealed from %d, resumed after %d", step, annealFrom, resumed)
                        .isCloseTo(rate * share, within(1e-12));
            }
        }
        assertThat(steps.get(steps.size() - 1).path("step").asLong()).isGreaterThanOrEqualTo(before + 8);
    }
}
