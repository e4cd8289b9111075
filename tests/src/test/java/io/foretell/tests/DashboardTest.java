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
                "headline-accuracy-with-thought",
                "headline-no-thought-loss",
                "headline-reward-mean",
                "headline-perf-sampling-tokens-per-s",
                "headline-perf-training-tokens-per-s")) {
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
    void everyHeldOutMeasureHasAChartWithItsUnit() {
        assertThat(charts("heldout"))
                .containsExactly(
                        "Information gain [nats]",
                        "Accuracy [%]",
                        "Held-out loss [nats]",
                        "Held-out length [tokens, %]");
        assertThat(charts("learning"))
                .contains("Reward [nats of information gain; %]", "Reward components [nats]", "Entropy [nats]");
        assertThat(charts("machinery")).contains("Time per step [s]", "Queues [records]");
    }

    @Test
    void thePhaseAndTheRewardAreSaidInTheMethodsOwnWords() {
        assertThat(textOf("phase")).contains("rlp", "thoughts rewarded by information gain");
        assertThat(textOf("headline-reward-mean-note")).startsWith("nats of information gain, positive ");
    }

    private static List<String> charts(String section) {
        return charts(browser(), section);
    }

    private static List<String> charts(Browser browser, String section) {
        String titles = "[...document.querySelectorAll('#charts-" + section + " .chart-head')].map(head =>"
                + " head.querySelector('h3').textContent + ' [' + head.querySelector('.unit').textContent + ']').join('|')";
        return List.of(browser.evaluate(titles).split("\\|"));
    }

    @Test
    void aRunWithoutThoughtsShowsWhatItLearns() throws Exception {
        browser(); // without a browser this test is skipped
        TestRun run = new TestRun(folder, "judged");
        Path config = run.config(0, 0, MetricsTest.judgedSections(5, 6));
        try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config, "--keep-serving");
                Browser page = Browser.start(Browser.program().get(), Files.createTempDirectory(folder, "profile"))) {
            page.open(up.url() + "/");
            page.await("document.getElementById('state').textContent === 'finished'", Duration.ofSeconds(180));
            page.await("document.querySelectorAll('#charts-heldout canvas').length === 4", PAGE);

            assertThat(charts(page, "heldout"))
                    .containsExactly(
                            "Banned texts [%]", "Variety [%]", "Held-out loss [nats]", "Held-out length [tokens]");
            assertThat(page.evaluate("document.getElementById('headline-banned-token-rate').textContent"))
                    .matches("\\d+\\.\\d+%");
            assertThat(page.evaluate("document.getElementById('chart-banned-table').textContent"))
                    .contains("banned token rate", "banned text rate", "95% interval, from", "%");
            assertThat(charts(page, "learning"))
                    .contains("Reward [quality + safety, each 0 to 1; %]", "Preference pairs [nats, %]")
                    .doesNotContain("KL [nats]");
            page.await("document.querySelectorAll('#rollout-detail .thought').length > 0", PAGE);
            assertThat(page.evaluate("document.body.innerText"))
                    .contains("quality + safety, each 0 to 1", "continuations that a judge prefers")
                    .doesNotContain("undefined")
                    .doesNotContain("NaN");
        }
    }

    @Test
    void aMeasureThatTheCatalogueDoesNotNameHasItsOwnChart() {
        String made =
                "import('./catalogue.js').then(({Catalogue}) => { const made = new Catalogue({charts: {}, sections: []})"
                        + ".charts(new Set(['step', 'heldout/poems_per_line', 'heldout/poems_per_line_low',"
                        + " 'heldout/poems_per_line_high'])); document.body.dataset.made = JSON.stringify(made); })";
        browser().evaluate(made);
        browser().await("document.body.dataset.made !== undefined", PAGE);
        JsonNode charts = TestRun.json(browser().evaluate("document.body.dataset.made"));
        assertThat(charts).hasSize(1);
        assertThat(charts.path(0).path("title").asText()).isEqualTo("Poems per line");
        assertThat(charts.path(0).path("bands").path(0).path("low").asText()).isEqualTo("heldout/poems_per_line_low");
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
