package io.foretell.learner.metrics;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.EventStream;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import io.foretell.platform.Metrics;
import io.micrometer.core.instrument.DistributionSummary;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * One row per training step and per evaluation: appended to {@code metrics.jsonl}, published as a live event, and shown as
 * the Prometheus gauges that {@link MetricCatalogue} names. Opening drops the rows after the step to resume from. Rows
 * stay on the disk, not in memory. Thread-safe.
 */
public final class MetricsLog implements AutoCloseable {
    private static final int MAX_ROWS = 20_000;

    private final MetricsFile rows;
    private final BufferedWriter writer;
    private final EventStream events;
    private final Metrics metrics;
    private final InstantSource clock;
    private final DistributionSummary staleness;

    /** Opens {@code file}, keeping its lines up to and including step {@code step}. */
    public MetricsLog(Path file, long step, EventStream events, Metrics metrics, InstantSource clock) {
        this.clock = clock;
        this.rows = new MetricsFile(file);
        this.events = events;
        this.metrics = metrics;
        this.staleness = DistributionSummary.builder("staleness_versions")
                .serviceLevelObjectives(0.5, 1.5, 2.5, 4.5, 8.5, 16.5)
                .register(metrics.registry());
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            if (Files.exists(file)) {
                rows.truncateAfter(step);
            }
            this.writer = Files.newBufferedWriter(
                    file, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    public synchronized void add(Map<String, Object> row) {
        ObjectNode json = Json.mapper().valueToTree(row);
        try {
            writer.write(json + "\n");
            writer.flush();
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.STORAGE, "cannot write metrics.jsonl: " + e.getMessage(), e);
        }
        events.publish("step", json.toString());
        json.properties().forEach(field -> gauge(field.getKey(), field.getValue()));
        for (int behind = 0; behind < json.path("staleness/histogram").size(); behind++) {
            for (long n = json.path("staleness/histogram").path(behind).asLong(); n > 0; n--) {
                staleness.record(behind);
            }
        }
        metrics.gauge("trainer_last_step_timestamp_seconds", clock.millis() / 1e3);
    }

    private void gauge(String key, JsonNode value) {
        MetricCatalogue.Entry entry = MetricCatalogue.get().find(key).orElse(null);
        if (entry == null || entry.metric().prometheus() == null || !value.isNumber()) {
            return;
        }
        String[] tags = entry.metric().isPattern() ? new String[] {"name", entry.part()} : new String[0];
        metrics.gauge(entry.metric().prometheus(), value.asDouble(), tags);
    }

    /** Rows after step {@code since}, at most the newest 20,000, read from the disk. */
    public List<ObjectNode> since(long since) {
        try {
            return rows.newest(since, MAX_ROWS);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /** Passes every row to {@code visitor}, oldest first, read from the disk. */
    public void forEach(Consumer<ObjectNode> visitor) {
        try {
            rows.forEach(visitor);
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    private static ForetellException unreadable(IOException e) {
        return new ForetellException(ErrorCode.STORAGE, "cannot read metrics.jsonl: " + e.getMessage(), e);
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
