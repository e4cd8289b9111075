package io.foretell.launcher;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.buffer.ExperienceBuffer;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.FolderLock;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import io.foretell.streams.Codecs;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Everything in a run's folder about the run, as one JSON object. Confined to one thread. */
final class RunReport {
    private static final List<String> PROCESSES = List.of("up", "streams", "rollout", "reward", "learner");

    private final RunFolder run;
    private final ObjectNode report = Json.mapper().createObjectNode();
    private Map<Integer, Long> positions = new TreeMap<>();

    RunReport(RunFolder run) {
        this.run = run;
    }

    /** Reads the folder. */
    ObjectNode read() {
        report.put("run", run.name()).put("folder", run.folder().toString());
        report.set("in_use_by", Json.mapper().valueToTree(holders()));
        put("config", yaml(run.folder().resolve("config.yaml")));
        put("summary", json(run.folder().resolve("summary.json")));
        metrics();
        checkpoints();
        policies();
        buffer();
        return report;
    }

    /** The next position in {@code scored-groups} per partition; empty if the buffer is in use or missing. */
    Map<Integer, Long> positions() {
        return positions;
    }

    /** The prefix of the run's topics. */
    String topicPrefix() {
        return report.path("config").path("run").path("name").asText(run.name());
    }

    private void put(String key, JsonNode value) {
        if (!value.isMissingNode()) {
            report.set(key, value);
        }
    }

    /** Processes that hold the lock of the run's folder, in words. */
    private List<String> holders() {
        List<String> holders = new ArrayList<>();
        for (String process : PROCESSES) {
            if (!Files.exists(run.folder().resolve(process + ".lock"))) {
                continue;
            }
            try {
                FolderLock.take(run.folder().resolve(process), "foretell inspect")
                        .close();
            } catch (ForetellException e) {
                String sentence = String.valueOf(e.getMessage());
                if (e.code() == ErrorCode.CONFLICT) {
                    holders.add(sentence.substring(sentence.indexOf("in use by ") + "in use by ".length()));
                }
            }
        }
        return holders;
    }

    private void metrics() {
        Path file = run.folder().resolve("metrics.jsonl");
        if (!Files.isRegularFile(file)) {
            return;
        }
        try (Stream<String> lines = Files.lines(file, StandardCharsets.UTF_8)) {
            lines.forEach(line -> {
                JsonNode row = row(line);
                if (row.properties().stream().anyMatch(field -> field.getKey().startsWith("heldout/"))) {
                    report.set("last_evaluation", row);
                } else if (row.has("step")) {
                    report.set("last_step", row);
                }
            });
        } catch (IOException | java.io.UncheckedIOException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    /* A crash can leave half a line at the end. */
    private static JsonNode row(String line) {
        try {
            return Json.mapper().readTree(line);
        } catch (JsonProcessingException e) {
            return Json.mapper().createObjectNode();
        }
    }

    private void checkpoints() {
        OptionalLong latest = run.latestCheckpoint();
        ArrayNode list = report.putArray("checkpoints");
        for (long step : run.checkpoints()) {
            entry("step", step, run.checkpoint(step))
                    .ifPresent(entry ->
                            list.add(entry.put("is_latest", latest.isPresent() && latest.getAsLong() == step)));
        }
    }

    private void policies() {
        ArrayNode list = report.putArray("policies");
        for (long version : run.versions()) {
            entry("version", version, run.version(version)).ifPresent(list::add);
        }
    }

    /** Empty if the run, still up, deleted the folder meanwhile. */
    private static Optional<ObjectNode> entry(String key, long number, Path folder) {
        ObjectNode entry = Json.mapper().createObjectNode().put(key, number);
        entry.put("bytes", HumanSizes.ofFolder(folder));
        String problem = "";
        try {
            RunFolder.verify(folder);
        } catch (ForetellException e) {
            problem = String.valueOf(e.getMessage());
        }
        entry.put("whole", problem.isEmpty()).put("problem", problem);
        return Files.isDirectory(folder) ? Optional.of(entry) : Optional.empty();
    }

    private void buffer() {
        Path folder = run.folder().resolve("buffer");
        if (!Files.isRegularFile(folder.resolve("CURRENT"))) {
            return;
        }
        try (ExperienceBuffer buffer = ExperienceBuffer.open(folder, Codecs.scoredGroup(), (record, reason) -> {})) {
            report.set("buffer", Json.mapper().valueToTree(buffer.status()));
            positions = buffer.positions();
        } catch (ForetellException e) {
            report.put(
                    "buffer_problem",
                    e.code() == ErrorCode.CONFLICT
                            ? "the run is up, so its buffer cannot be read here; --url asks the run itself"
                            : String.valueOf(e.getMessage()));
        }
    }

    private static JsonNode yaml(Path file) {
        try {
            return Files.isRegularFile(file)
                    ? Json.yaml().readTree(Files.readAllBytes(file))
                    : Json.mapper().missingNode();
        } catch (IOException e) {
            return Json.mapper().missingNode();
        }
    }

    private static JsonNode json(Path file) {
        try {
            return Files.isRegularFile(file)
                    ? Json.mapper().readTree(Files.readAllBytes(file))
                    : Json.mapper().missingNode();
        } catch (IOException e) {
            return Json.mapper().missingNode();
        }
    }
}
