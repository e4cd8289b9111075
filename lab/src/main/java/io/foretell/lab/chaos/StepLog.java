package io.foretell.lab.chaos;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.Json;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The rows of training steps in a run's {@code metrics.jsonl}; the run may still be writing it. Immutable. */
record StepLog(Path file) {
    private static final int TAIL_BYTES = 32 * 1024;

    /** One step in the log. */
    record Step(long number, Instant at, int groups, String digest) {}

    /** The last step logged; 0 if there is none. */
    long last() {
        return newest().map(Step::number).orElse(0L);
    }

    /** The step logged last. */
    Optional<Step> newest() {
        try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "r")) {
            long from = Math.max(0, open.length() - TAIL_BYTES);
            byte[] tail = new byte[(int) (open.length() - from)];
            open.seek(from);
            open.readFully(tail);
            List<Step> steps = steps(new String(tail, StandardCharsets.UTF_8));
            return steps.isEmpty() ? Optional.empty() : Optional.of(steps.get(steps.size() - 1));
        } catch (IOException e) {
            return Optional.empty(); // does not exist yet, or is being truncated
        }
    }

    List<Step> all() {
        try {
            return steps(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Step> steps(String text) {
        List<Step> steps = new ArrayList<>();
        for (String line : text.substring(0, text.lastIndexOf('\n') + 1).lines().toList()) {
            try {
                JsonNode row = Json.mapper().readTree(line);
                if (row.has("batch/sha256")) {
                    steps.add(new Step(
                            row.path("step").asLong(),
                            Instant.parse(row.path("time").asText()),
                            row.path("batch/groups").asInt(),
                            row.path("batch/sha256").asText()));
                }
            } catch (JsonProcessingException e) {
                continue; // the first line of a tail is rarely complete
            }
        }
        return steps;
    }
}
