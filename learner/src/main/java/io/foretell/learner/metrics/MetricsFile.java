package io.foretell.learner.metrics;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The rows of {@code metrics.jsonl}, in the order of their steps; none stays in memory. Reading while another thread
 * appends gives the whole rows there are. Thread-safe.
 */
final class MetricsFile {
    private final Path file;

    MetricsFile(Path file) {
        this.file = file;
    }

    /** Cuts off what follows the last row of step {@code step} or before: later rows, and half a line after a kill. */
    void cutAfter(long step) throws IOException {
        long end = 0;
        try (ReverseLineReader lines = new ReverseLineReader(file)) {
            Optional<ReverseLineReader.Line> line = lines.previous();
            while (line.isPresent() && !isUpTo(step, line.get().text())) {
                line = lines.previous();
            }
            if (line.isPresent()) {
                end = line.get().end();
            }
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(end);
            channel.force(true);
        }
    }

    /** The rows after step {@code since}, at most the newest {@code most}, oldest first. */
    List<ObjectNode> newest(long since, int most) throws IOException {
        LinkedList<ObjectNode> rows = new LinkedList<>();
        try (ReverseLineReader lines = new ReverseLineReader(file)) {
            while (rows.size() < most) {
                Optional<ObjectNode> row = lines.previous().flatMap(line -> row(line.text()));
                if (row.isEmpty() || step(row.get()) <= since) {
                    break;
                }
                rows.addFirst(row.get());
            }
        }
        return rows;
    }

    /** Shows every row, oldest first. */
    void forEach(Consumer<ObjectNode> visitor) throws IOException {
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                row(line).ifPresent(visitor);
            }
        }
    }

    private static boolean isUpTo(long step, String line) {
        return row(line).filter(row -> step(row) <= step).isPresent();
    }

    private static long step(ObjectNode row) {
        return row.path("step").asLong();
    }

    /* A killed process, or a power cut, can leave anything at the end. */
    private static Optional<ObjectNode> row(String line) {
        try {
            JsonNode row = Json.mapper().readTree(line);
            return row instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }
}
