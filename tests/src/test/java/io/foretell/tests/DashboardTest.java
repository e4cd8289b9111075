package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a browser makes of a running server's page. */
@Tag("integration")
class DashboardTest {
    private static final int NTP_STEPS = 10;
    private static final Duration PAGE = Duration.ofSeconds(60);
    private static final HttpClient CLIENT = HttpClient.newHttpClient();

    @TempDir
    static Path folder;

    private static ForetellProcess server;
    private static String url;
    private static @Nullable Browser browser;

    @BeforeAll
    static void aServerHasSampledAndABrowserHasLoadedItsPage() throws Exception {
        TestRun run = new TestRun(folder, "watched");
        Path config = run.config(NTP_STEPS, 12);
        server = ForetellProcess.foretell("up", "-c", config, "--keep-serving");
        url = server.url();
        Awaitility.await("the end of " + server)
                .atMost(Duration.ofSeconds(180))
                .until(() -> isFinished(TestRun.json(get("/v1/status").body())));
        if (Browser.program().isPresent()) {
            browser = Browser.start(Browser.program().get(), Files.createTempDirectory(folder, "profile"));
            browser.open(url + "/");
            browser.await("document.documentElement.dataset.ready === 'true'", PAGE);
            browser.await("document.getElementById('state').textContent === 'finished'", PAGE);
            browser.await("document.getElementById('connection').textContent === 'live'", PAGE);
            browser.await("document.querySelectorAll('#rollout-detail .thought').length > 0", PAGE);
        }
    }

    private static boolean isFinished(JsonNode status) {
        return status.path("state").asText().equals("finished")
                && status.path("policy_version").asLong() == NTP_STEPS + 12;
    }

    @AfterAll
    static void endAll() {
        if (browser != null) {
            browser.close();
        }
        if (server != null) {
            server.close();
        }
    }

    private static Browser browser() {
        Assumptions.assumeTrue(browser != null, "there is no chromium on the PATH, so nobody looks at the page");
        return browser;
    }

    private static String textOf(String id) {
        return browser().evaluate("document.getElementById('" + id + "').textContent");
    }

    @Test
    void thePageIsReadyAndNamesTheRun() {
        assertThat(browser().evaluate("document.documentElement.dataset.ready")).isEqualTo("true");
        assertThat(textOf("run-name")).isEqualTo("watched");
        browser().await("document.getElementById('connection').textContent === 'live'", PAGE);
        assertThat(textOf("state")).isEqualTo("finished");
        assertThat(textOf("step")).isEqualTo("22 of 22");
    }

    @Test
    void headlineNumbersAreNumbers() {
        for (String id : List.of(
                "headline-information-gain",
                "headline-accuracy",
                "headline-no-thought-loss",
                "headline-reward",
                "headline-sampling",
                "headline-training")) {
            assertThat(textOf(id)).as("#%s", id).containsPattern("\\d").doesNotContain("NaN");
        }
        assertThat(textOf("policy-version")).isEqualTo("22");
    }

    @Test
    void thoughtsOfRecentGroupsAreListed() {
        assertThat(count("#rollout-list [role=option]")).as("groups").isPositive();
        assertThat(count("#rollout-detail .thought")).as("thoughts").isEqualTo(TestRun.GROUP_SIZE);
        assertThat(browser().evaluate("document.body.innerText"))
                .doesNotContain("undefined")
                .doesNotContain("[object Object]")
                .doesNotContain("NaN");
    }

    private static long count(String selector) {
        return Long.parseLong(browser().evaluate("document.querySelectorAll('" + selector + "').length"));
    }

    @Test
    void chartsAreDrawn() {
        assertThat(count("canvas")).as("charts").isGreaterThanOrEqualTo(8);
    }

    @Test
    void theBarOfTheRunHasOnePiecePerPhase() {
        assertThat(count("#track .segment")).isEqualTo(2);
    }

    @Test
    void nothingIsAskedOfOtherServers() {
        assertThat(browser().requests())
                .hasSizeGreaterThan(8)
                .allMatch(address -> address.startsWith(url + "/") || address.startsWith("data:"));
    }

    @Test
    void aPictureOfThePageIsTaken() throws IOException {
        Path picture = Path.of("target", "dashboard.png");
        browser().picture(picture);
        assertThat(Files.size(picture)).isGreaterThan(50_000);
    }

    @Test
    void everyRoleDescribesItselfAsOpenApi() throws Exception {
        for (String role : List.of("documents", "rollout", "reward", "learner")) {
            HttpResponse<String> response = get("/openapi/" + role + ".yaml");
            assertThat(response.statusCode()).as(role).isEqualTo(200);
            assertThat(response.body()).startsWith("openapi: 3.1");
        }
    }

    private static HttpResponse<String> get(String path) throws IOException, InterruptedException {
        return CLIENT.send(
                HttpRequest.newBuilder(URI.create(url + path))
                        .timeout(Duration.ofSeconds(20))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }
}
