package io.foretell.tests;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.buffer.ExperienceBuffer;
import io.foretell.platform.Json;
import io.foretell.streams.Codecs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A run small enough for a test: the chain corpus and the smallest model. Its file, and what it leaves in its folder.
 *
 * @param dir a folder for this run alone
 */
record TestRun(Path dir, String name) {
    static final int PROMPTS_PER_STEP = 8;
    static final int GROUP_SIZE = 4;

    /** The configuration file; {@code overrides} are YAML lines of whole sections that replace the small ones. */
    Path config(int ntpSteps, int rlpSteps, Map<String, String> overrides) {
        Map<String, String> sections = new TreeMap<>(Map.of(
                "run",
                        "{name: " + name + ", dir: '" + dir.resolve("runs")
                                + "', seed: 1, stop_timeout: 110s, watchdog: 10m}",
                "policy", "{init: {arch: qwen3, size: micro, tokenizer: chain, init_std: 0.05}, threads: 1}",
                "documents", "{sources: [{generator: chain}], deduplicate: none, held_out_fraction: 0.03}",
                "phases",
                        "["
                                + (ntpSteps == 0
                                        ? ""
                                        : "{objective: ntp, steps: " + ntpSteps
                                                + ", domains: [plain, thought], learning_rate: 2e-3}, ")
                                + "{objective: rlp, " + (rlpSteps == 0 ? "" : "steps: " + rlpSteps + ", ")
                                + "learning_rate: 3e-4, options: {min_prefix: 5}}]",
                "rollout", "{n: " + GROUP_SIZE + ", max_prompt_length: 32, max_response_length: 8}",
                "learner", "{prompts_per_step: " + PROMPTS_PER_STEP + "}",
                "eval", "{interval: 5, samples: 2, documents: 8, next_token_domains: [plain]}",
                "ckpt", "{interval: 10}",
                "http", "{port: 0}"));
        sections.putAll(overrides);
        StringBuilder yaml = new StringBuilder();
        sections.forEach((section, value) ->
                yaml.append(section).append(": ").append(value).append('\n'));
        try {
            Files.createDirectories(dir);
            return Files.writeString(dir.resolve(name + ".yaml"), yaml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path config(int ntpSteps, int rlpSteps) {
        return config(ntpSteps, rlpSteps, Map.of());
    }

    Path folder() {
        return dir.resolve("runs").resolve(name);
    }

    /** Lines of metrics.jsonl, evaluations included; a half-written last line is left out. */
    List<JsonNode> rows() {
        List<JsonNode> rows = new ArrayList<>();
        Path file = folder().resolve("metrics.jsonl");
        if (!Files.exists(file)) {
            return rows;
        }
        String text = read(file);
        for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
            rows.add(json(line));
        }
        return rows;
    }

    /** Lines of metrics.jsonl that belong to a training step. */
    List<JsonNode> steps() {
        return rows().stream().filter(row -> row.has("actor/loss")).toList();
    }

    long lastStep() {
        return steps().stream()
                .mapToLong(row -> row.path("step").asLong())
                .max()
                .orElse(0);
    }

    JsonNode summary() {
        return json(read(folder().resolve("summary.json")));
    }

    /** State of every group ever stored, by id: USABLE, USED step or DROPPED reason. Only when nothing runs. */
    Map<String, String> audit() {
        Map<String, String> states = new TreeMap<>();
        try (ExperienceBuffer buffer =
                ExperienceBuffer.open(folder().resolve("buffer"), Codecs.scoredGroup(), (record, reason) -> {})) {
            buffer.audit((id, state) -> {
                if (states.put(id, state) != null) {
                    throw new AssertionError("group " + id + " has two states");
                }
            });
        }
        return states;
    }

    /** From the audit: how many groups each step used. */
    static Map<Long, Long> groupsPerStep(Map<String, String> audit) {
        Map<Long, Long> perStep = new TreeMap<>();
        audit.values().stream()
                .filter(state -> state.startsWith("USED "))
                .forEach(state -> perStep.merge(Long.parseLong(state.substring("USED ".length())), 1L, Long::sum));
        return perStep;
    }

    /** What the log says of starts, of the feeder and of trouble, newest last: for the messages of failed tests. */
    String trouble() {
        Path file = folder().resolve("logs/foretell.log");
        if (!Files.exists(file)) {
            return "no log " + file;
        }
        List<String> lines = read(file)
                .lines()
                .filter(line -> line.contains(" WARN ")
                        || line.contains(" ERROR ")
                        || line.contains("feeder")
                        || line.contains("resumed"))
                .toList();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 60), lines.size()));
    }

    static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static JsonNode json(String text) {
        try {
            return Json.mapper().readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException("not JSON: " + text, e);
        }
    }
}
