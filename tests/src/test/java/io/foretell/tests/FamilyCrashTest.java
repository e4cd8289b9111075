package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.domain.Document;
import io.foretell.domain.ScoredGroup;
import io.foretell.learner.BatchOrder;
import io.foretell.platform.Json;
import io.foretell.platform.Time;
import io.foretell.sources.MaskedChainCorpus;
import io.foretell.streams.Codecs;
import io.foretell.streams.EmbeddedBroker;
import io.foretell.streams.TopicScan;
import io.foretell.streams.Topics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run in two stages, killed with all its roles while groups await the answers to the tasks that they spawned. */
@Tag("slow")
class FamilyCrashTest {
    private static final int WARM_UP = 100;
    private static final int STEPS = 40;
    private static final int KILLS = 3;
    private static final Duration PROGRESS = Duration.ofSeconds(240);
    private static final Duration END = Duration.ofSeconds(300);

    @TempDir
    private Path folder;

    @Test
    void whatAwaitsAnswersIsTrainedOnOnceAndWithAllOfThem() {
        TestRun run = new TestRun(folder, "families");
        Path config = run.config(
                0,
                0,
                Map.of(
                        "policy",
                                "{init: {arch: qwen3, size: micro, tokenizer: chain-masked, init_std: 0.05}, threads: 1}",
                        "documents", "{sources: [{files: '" + documents() + "'}], deduplicate: none, epochs: 0}",
                        "phases",
                                "[{objective: ntp, steps: " + WARM_UP
                                        + ", domains: [choice], learning_rate: 3e-3, options: {inserted:"
                                        + " [\"<think>\"]}}, {objective: pretrainzero, steps: " + STEPS
                                        + ", domains: [paragraph], learning_rate: 1e-4, options: {masks_per_paragraph:"
                                        + " 8, generator_prompt: [\"\", \" hide\"], predictor_prompt: [\"\", \""
                                        + " guess\"]}}]",
                        "rollout", "{n: " + TestRun.GROUP_SIZE + ", max_prompt_length: 24, max_response_length: 16}",
                        "learner",
                                "{prompts_per_step: " + TestRun.PROMPTS_PER_STEP
                                        + ", adv_estimator: grpo, max_off_policy_steps: " + STEPS + "}",
                        "eval", "{interval: 0, before_train: false}",
                        "ckpt", "{interval: 5}"));
        Set<String> waited = new TreeSet<>();
        for (int kill = 1; kill <= KILLS; kill++) {
            long moment = WARM_UP + 3 * kill;
            try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config)) {
                Awaitility.await("step " + moment + " of " + up)
                        .atMost(PROGRESS)
                        .pollInterval(Duration.ofMillis(5))
                        .failFast("it ended: " + up, () -> !up.isAlive() && run.lastStep() < moment)
                        .until(() -> run.lastStep() >= moment);
                up.kill();
            }
            run.audit().forEach((id, state) -> {
                if (state.equals("WAITING")) {
                    waited.add(id);
                }
            });
        }
        System.out.println("FamilyCrashTest: " + waited.size() + " groups awaited answers when the run was killed");
        assertThat(waited).as("killed in between").isNotEmpty();
        try (ForetellProcess up = ForetellProcess.foretell("up", "-c", config)) {
            assertThat(up.awaitExit(END)).as("%s\n%s", up, run.trouble()).isZero();
        }

        Map<String, String> audit = run.audit();
        assertThat(waited.stream().map(audit::get))
                .as("what became of those that waited")
                .allMatch(
                        fate -> fate != null && fate.matches("USED \\d+|DROPPED (phase over|stale|lost version: .*)"));
        assertThat(waited.stream().filter(id -> audit.get(id).startsWith("USED")))
                .isNotEmpty();
        assertThat(TestRun.groupsPerStep(audit).values())
                .hasSize(WARM_UP + STEPS)
                .containsOnly((long) TestRun.PROMPTS_PER_STEP);
        Map<Long, List<ScoredGroup>> batches = batches(run, audit);
        for (JsonNode row : run.steps()) {
            assertThat(row.path("batch/sha256").asText())
                    .as("step %s has whole families, each once", row.path("step"))
                    .isEqualTo(BatchOrder.digest(
                            BatchOrder.ordered(batches.get(row.path("step").asLong()))));
        }
        assertThat(run.steps()).hasSize(WARM_UP + STEPS);
    }

    /** Paragraphs, and what a generator may write that hides the same word of all of them: even a small one learns that. */
    private Path documents() {
        MaskedChainCorpus corpus = new MaskedChainCorpus(1, 3000, () -> 0);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 3000; i++) {
            Document document = corpus.document(i);
            if (List.of("choice", "paragraph").contains(document.domain())) {
                String text = document.text().replaceAll("<think> .*", "<think> </think> \\\\mask{ so }");
                lines.append(Json.mapper()
                                .createObjectNode()
                                .put("domain", document.domain())
                                .put("text", text))
                        .append('\n');
            }
        }
        try {
            return Files.writeString(folder.resolve("documents.jsonl"), lines);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** By step the groups that the buffer says it used, and all that these awaited. */
    private static Map<Long, List<ScoredGroup>> batches(TestRun run, Map<String, String> audit) {
        Map<String, ScoredGroup> scored = new HashMap<>();
        try (EmbeddedBroker broker = EmbeddedBroker.start(run.folder().resolve("kafka"))) {
            TopicScan.read(
                    broker.bootstrap(),
                    new Topics(run.name()).scoredGroups(),
                    Codecs.scoredGroup(),
                    (group, at) -> scored.putIfAbsent(group.id(), group),
                    Time.system());
        }
        Map<Long, List<ScoredGroup>> batches = new TreeMap<>();
        audit.forEach((id, state) -> {
            if (state.startsWith("USED ")) {
                List<ScoredGroup> batch = batches.computeIfAbsent(
                        Long.parseLong(state.substring("USED ".length())), step -> new ArrayList<>());
                batch.add(scored.get(id));
                scored.get(id).children().forEach(child -> batch.add(scored.get(child)));
            }
        });
        return batches;
    }
}
