package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.learner.metrics.Metric;
import io.foretell.learner.metrics.MetricCatalogue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The catalogue of metrics against what three small runs write, which together use every part of the learner. */
@Tag("integration")
class MetricsTest {
    private static final Duration END = Duration.ofSeconds(180);

    /** Keys that only unusual events write. */
    private static final Set<String> RARE = Set.of("updates/refusals", "mismatch/flagged");

    /** Whose metrics are Micrometer's own. */
    private static final List<String> FOREIGN = List.of("jvm_", "process_", "system_");

    @TempDir
    static Path folder;

    private static final List<String> SOURCES = sources();
    private static final Set<String> written = new TreeSet<>();
    private static String scraped;

    @BeforeAll
    static void threeMethodsAreTrained() throws Exception {
        written.addAll(keys(everyTermOfTheLoss()));
        written.addAll(keys(kindsOfTasks()));
        TestRun judged = new TestRun(folder, "judged");
        Path config = judged.config(0, 0, judgedSections(5, 6));
        try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config, "--keep-serving")) {
            URI scrape = URI.create(up.url() + "/metrics");
            Awaitility.await("the end of " + up)
                    .atMost(END)
                    .until(() -> Files.exists(judged.folder().resolve("summary.json")));
            scraped = HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(scrape).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        }
        written.addAll(keys(judged));
    }

    private static TestRun everyTermOfTheLoss() {
        TestRun run = new TestRun(folder, "terms");
        complete(run.config(
                12,
                6,
                Map.of(
                        "learner",
                        "{prompts_per_step: 8, use_kl_loss: true, entropy_coeff: 0.001, use_kl_in_reward: true,"
                                + " rollout_correction: {bypass_mode: false, rollout_is: token, rollout_rs: token}}",
                        "ckpt",
                        "{interval: 3}")));
        return run;
    }

    private static TestRun kindsOfTasks() {
        TestRun run = new TestRun(folder, "kinds");
        complete(run.config(
                0,
                0,
                Map.of(
                        "policy",
                        "{init: {arch: qwen3, size: micro, tokenizer: chain-sentences, init_std: 0.05}, threads: 1}",
                        "documents",
                        "{sources: [{generator: chain-sentences}], deduplicate: none, held_out_fraction: 0.03}",
                        "phases",
                        "[{objective: rlpt, steps: 3, domains: [far], options: {verdict: rule, min_prefix: 2,"
                                + " min_sentence_length: 8, reference_sentences: 2}}]",
                        "learner",
                        "{prompts_per_step: 8, adv_estimator: grpo}")));
        return run;
    }

    /** Sections of a {@link TestRun} for self-improving pretraining on a corpus that swears, with rules as judges. */
    static Map<String, String> judgedSections(int ntpSteps, int judgedSteps) {
        return Map.of(
                "policy",
                "{init: {arch: qwen3, size: micro, tokenizer: rude, init_std: 0.05}, threads: 1}",
                "documents",
                "{sources: [{generator: rude}], deduplicate: none, held_out_fraction: 0.03}",
                "phases",
                "[{objective: ntp, steps: " + ntpSteps + ", learning_rate: 3e-3}, {objective: self-improving, steps: "
                        + judgedSteps + ", options: {score: [quality, safety], next_token_weight: 0.1}}]",
                "rollout",
                "{n: 4, max_prompt_length: 32, max_response_length: 14}",
                "reward",
                "{rewards: {clean: [{kind: banned, words: [darn, dang, blasted, lousy]}], whole: [{kind: length, min:"
                        + " 14}]}, judge_overrides: {safety: clean, quality: whole}}",
                "eval",
                "{interval: 5, samples: 2, documents: 8, next_token_domains: [polite], continuations: {banned: [darn,"
                        + " dang, blasted, lousy], prompt_length: 14, max_length: 14}}");
    }

    private static void complete(Path config) {
        try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config)) {
            assertThat(up.awaitExit(END)).as("exit status of %s", up).isZero();
        }
    }

    private static Set<String> keys(TestRun run) {
        Set<String> keys = new TreeSet<>();
        for (JsonNode row : run.rows()) {
            row.fieldNames().forEachRemaining(keys::add);
        }
        assertThat(keys).as("metrics of %s", run.name()).isNotEmpty();
        return keys;
    }

    @Test
    void everyMetricThatARunWritesIsInTheCatalogue() {
        assertThat(written.stream()
                        .filter(key -> MetricCatalogue.get().find(key).isEmpty()))
                .as("keys of metrics.jsonl that metrics.yaml does not name")
                .isEmpty();
    }

    @Test
    void everyMetricOfTheCatalogueIsWritten() {
        Set<Metric> seen = written.stream()
                .flatMap(key -> MetricCatalogue.get().find(key).stream())
                .map(MetricCatalogue.Entry::metric)
                .collect(Collectors.toSet());
        assertThat(MetricCatalogue.get()
                        .metrics()
                        .filter(metric -> !metric.name().isEmpty())
                        .filter(metric -> !seen.contains(metric))
                        .map(Metric::name)
                        .filter(name -> !RARE.contains(name)))
                .as("metrics of metrics.yaml that no run writes")
                .isEmpty();
        assertThat(RARE).allMatch(MetricsTest::isInTheSources);
    }

    @Test
    void everyMetricThatIsScrapedHasItsHelpText() {
        List<String> types = scraped.lines()
                .filter(line -> line.startsWith("# TYPE "))
                .map(line -> line.split(" ")[2])
                .filter(name -> FOREIGN.stream().noneMatch(name::startsWith))
                .toList();
        assertThat(types)
                .contains("trainer_step", "heldout_banned_token_rate", "rollout_generated_tokens_total")
                .contains("weight_sync_seconds", "tasks_issued_total", "reward_component");
        List<String> helped = scraped.lines()
                .filter(line -> line.startsWith("# HELP "))
                .filter(line -> line.split(" ", 4)[3].endsWith("."))
                .map(line -> line.split(" ")[2])
                .toList();
        assertThat(helped).containsAll(types);
    }

    @Test
    void everyMetricOfAServiceInTheCatalogueIsScrapedOrInTheSources() {
        assertThat(MetricCatalogue.get()
                        .metrics()
                        .filter(metric -> metric.name().isEmpty())
                        .map(metric -> String.valueOf(metric.prometheus()))
                        .filter(name -> !scraped.contains("# TYPE " + name + " "))
                        .filter(name -> !isInTheSources(name.replaceAll("_(total|seconds)$", "")))
                        .filter(name -> !isInTheSources(name)))
                .as("metrics of services in metrics.yaml that nothing counts")
                .isEmpty();
    }

    /** Whether a class of some module has {@code name} in quotes, with dots or underscores. */
    private static boolean isInTheSources(String name) {
        return SOURCES.stream().anyMatch(text -> text.contains(name + "\""));
    }

    private static List<String> sources() {
        List<String> texts = new ArrayList<>();
        try (Stream<Path> files = Files.walk(Path.of(".."))) {
            files.filter(file -> file.toString().contains("/src/main/java/")
                            && file.toString().endsWith(".java"))
                    .forEach(file -> texts.add(TestRun.read(file).replaceAll("(?<=[a-z])\\.(?=[a-z_.]+\")", "_")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return texts;
    }
}
