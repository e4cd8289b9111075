package io.foretell.judge;

import io.foretell.judge.AnswerFormat.ParsedAnswer;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import io.foretell.platform.RocksStore;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The judge's verdicts and spent tokens, on disk. Thread-safe; calls block. Whoever opens it closes it. */
final class VerdictStore implements AutoCloseable {
    private static final String VERDICTS = "verdicts";
    private static final String TOTALS = "totals";
    private static final byte[] SPENT = "spent".getBytes(StandardCharsets.UTF_8);
    private static final int MAX_PROCESSES = 64;

    private final RocksStore store;

    private VerdictStore(RocksStore store) {
        this.store = store;
    }

    /** A stored verdict with its origin. */
    private record Kept(
            String role,
            int promptVersion,
            String judge,
            @Nullable Double score,
            Map<String, Double> parts,
            String text) {}

    /** Opens {@code folder/0}, or the next number that no other process has open. */
    static VerdictStore open(Path folder) {
        for (int number = 0; ; number++) {
            try {
                return new VerdictStore(
                        RocksStore.open(folder.resolve(String.valueOf(number)), List.of(VERDICTS, TOTALS)));
            } catch (ForetellException e) {
                if (e.code() != ErrorCode.CONFLICT || number == MAX_PROCESSES) {
                    throw e;
                }
            }
        }
    }

    Optional<ParsedAnswer> find(byte[] key) {
        byte[] bytes = store.get(VERDICTS, key);
        if (bytes == null) {
            return Optional.empty();
        }
        try {
            Kept kept = Json.mapper().readValue(bytes, Kept.class);
            return Optional.of(
                    new ParsedAnswer(kept.score() == null ? Double.NaN : kept.score(), kept.parts(), kept.text()));
        } catch (IOException e) {
            throw new ForetellException(ErrorCode.CORRUPT, "a verdict that was kept cannot be read", e);
        }
    }

    void keep(byte[] key, JudgePrompt prompt, String judge, ParsedAnswer reading) {
        Double score = Double.isNaN(reading.score()) ? null : reading.score();
        Kept kept = new Kept(prompt.role(), prompt.version(), judge, score, reading.parts(), reading.text());
        try {
            byte[] bytes = Json.mapper().writeValueAsBytes(kept);
            store.write(batch -> batch.put(VERDICTS, key, bytes));
        } catch (IOException e) {
            throw new IllegalStateException("cannot write a verdict of " + prompt.role(), e);
        }
    }

    /** Tokens spent over the life of this store. */
    long spent() {
        byte[] bytes = store.get(TOTALS, SPENT);
        return bytes == null ? 0 : ByteBuffer.wrap(bytes).getLong();
    }

    void spent(long tokens) {
        byte[] bytes = ByteBuffer.allocate(Long.BYTES).putLong(tokens).array();
        store.write(batch -> batch.put(TOTALS, SPENT, bytes));
    }

    @Override
    public void close() {
        store.close();
    }
}
