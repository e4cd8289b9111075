package io.foretell.learner;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.EventStream;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import io.foretell.platform.Metrics;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * One line per step, told to whoever wants it: {@code metrics.jsonl}, the series behind the dashboard, live events, and
 * Prometheus. After a crash the lines of steps that are done again are dropped. Thread-safe.
 */
public final class MetricsLog implements AutoCloseable {
    private static final Map<String, String> GAUGES = Map.of(
            "step", "trainer_step",
            "actor/loss", "trainer_loss",
            "perf/training_tokens_per_s", "trainer_throughput_tokens_per_sec",
            "actor/grad_norm", "trainer_grad_norm",
            "actor/lr", "trainer_learning_rate",
            "actor/entropy", "trainer_entropy",
            "mismatch_kl/mean", "trainer_mismatch_kl",
            "reward/mean", "reward_mean",
            "staleness/mean", "staleness_mean",
            "buffer/usable", "buffer_usable_groups");

    private final BufferedWriter writer;
    private final EventStream events;
    private final Metrics metrics;
    private final List<ObjectNode> rows = new ArrayList<>();

    /** Opens {@code file}, keeping its lines up to and including step {@code step}. */
    public MetricsLog(Path file, long step, EventStream events, Metrics metrics) {
        this.events = events;
        this.metrics = metrics;
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            if (Files.exists(file)) {
                keep(file, step);
            }
            StringBuilder kept = new StringBuilder();
            rows.forEach(row -> kept.append(row).append('\n'));
            AtomicFiles.write(file, kept.toString().getBytes(StandardCharsets.UTF_8));
            this.writer = Files.newBufferedWriter(file, StandardCharsets.UTF_8, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    private void keep(Path file, long step) throws IOException {
        String text = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        for (String line : text.split("\n")) {
            try {
                ObjectNode row = (ObjectNode) Json.mapper().readTree(line);
                if (row.path("step").asLong() <= step) {
                    rows.add(row);
                }
            } catch (JsonProcessingException | ClassCastException e) {
                // The last line of a killed process may be half written.
                continue;
            }
        }
    }

    public synchronized void add(Map<String, Object> row) {
        ObjectNode json = Json.mapper().valueToTree(row);
        rows.add(json);
        try {
            writer.write(json + "\n");
            writer.flush();
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot write metrics.jsonl: " + e.getMessage(), e);
        }
        events.publish("step", json.toString());
        GAUGES.forEach((key, gauge) -> {
            if (json.path(key).isNumber()) {
                metrics.gauge(gauge, json.path(key).asDouble());
            }
        });
        metrics.gauge("trainer_last_step_timestamp_seconds", System.currentTimeMillis() / 1e3);
    }

    /** Rows after step {@code since}, at most the newest 20,000. */
    public synchronized List<ObjectNode> since(long since) {
        List<ObjectNode> found =
                rows.stream().filter(row -> row.path("step").asLong() > since).toList();
        return found.subList(Math.max(0, found.size() - 20_000), found.size());
    }

    @Override
    public synchronized void close() {
        try {
            writer.close();
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot close metrics.jsonl: " + e.getMessage(), e);
        }
    }
}
