package io.foretell.learner.metrics;

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
import org.apache.commons.io.input.ReversedLinesFileReader;

/**
 * The rows of {@code metrics.jsonl}, in the order of their steps, which stay on the disk. Reading while another thread
 * appends returns the complete rows. Thread-safe.
 */
final class MetricsFile {
    private final Path file;

    MetricsFile(Path file) {
        this.file = file;
    }

    /**
     * Truncates the file behind its last row of step {@code step} or before. This drops later rows, and whatever a kill or a
     * power cut has left at the end.
     */
    void truncateAfter(long step) throws IOException {
        long size = Files.size(file);
        long position = 0;
        long end = 0;
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.ISO_8859_1)) { // a char per byte
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                position += line.length() + 1;
                Optional<ObjectNode> row = row(line.getBytes(StandardCharsets.ISO_8859_1));
                if (row.isPresent() && step(row.get()) <= step && position <= size) { // a last line may lack its break
                    end = position;
                }
            }
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(end);
            channel.force(true);
        }
    }

    /** The rows after step {@code since}, at most the newest {@code max}, oldest first. */
    List<ObjectNode> newest(long since, int max) throws IOException {
        LinkedList<ObjectNode> rows = new LinkedList<>();
        try (ReversedLinesFileReader lines = ReversedLinesFileReader.builder()
                .setPath(file)
                .setCharset(StandardCharsets.UTF_8)
                .get()) {
            for (String line = lines.readLine(); line != null && rows.size() < max; line = lines.readLine()) {
                Optional<ObjectNode> row = row(line.getBytes(StandardCharsets.UTF_8));
                if (row.isPresent() && step(row.get()) <= since) {
                    break;
                }
                row.ifPresent(rows::addFirst);
            }
        }
        return rows;
    }

    /** Shows every row, oldest first. */
    void forEach(Consumer<ObjectNode> visitor) throws IOException {
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                row(line.getBytes(StandardCharsets.UTF_8)).ifPresent(visitor);
            }
        }
    }

    private static long step(ObjectNode row) {
        return row.path("step").asLong();
    }

    /* A line may be one that is being written, or what a kill or a power cut has left of one. */
    private static Optional<ObjectNode> row(byte[] line) {
        try {
            JsonNode row = Json.mapper().readTree(line);
            return row instanceof ObjectNode object ? Optional.of(object) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
