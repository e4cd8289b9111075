package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.buffer.ExperienceBuffer;
import io.foretell.buffer.Groups;
import io.foretell.streams.Codecs;
import io.foretell.streams.GroupReader.Received;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The buffer after a power cut: the end of RocksDB's log that was not synced is gone, at any byte. Kafka still has the
 * records, and the buffer's positions say from where.
 */
class PowerLossTest {
    private static final int PER_STEP = 4;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void whatWasNotSyncedComesAgainFromKafkaAndNothingTwice(long seed) throws IOException {
        Random random = new Random(seed);
        List<Received> topic = new ArrayList<>();
        Path cut = folder.resolve("after");
        long checkpoint;
        long synced;
        try (ExperienceBuffer buffer = open(folder.resolve("before"))) {
            long step = write(buffer, topic, 30, 0);
            buffer.sync();
            checkpoint = step;
            synced = Files.size(log(folder.resolve("before")));
            write(buffer, topic, 30, step);
            copy(folder.resolve("before"), cut); // the machine stops here
        }
        truncate(log(cut), synced, random);

        List<String> used = new ArrayList<>();
        try (ExperienceBuffer buffer = open(cut)) {
            long position = buffer.positions().getOrDefault(0, 0L);
            Map<String, String> states = states(buffer);
            assertThat(states.keySet())
                    .as("exactly the groups before the position are there, seed %d", seed)
                    .isEqualTo(states(topic.subList(0, (int) position)));
            buffer.rewindTo(checkpoint);
            assertThat(states(buffer).values().stream().filter(state -> state.startsWith("USED")))
                    .as("what the checkpoint's weights contain is still marked, seed %d", seed)
                    .hasSize((int) checkpoint * PER_STEP);
            buffer.ingest(topic.subList((int) position, topic.size()));
            buffer.audit((id, state) -> {
                if (state.startsWith("USED")) {
                    used.add(id);
                }
            });
            long step = checkpoint;
            List<String> taken = Groups.ids(buffer.take(0, PER_STEP, ++step, 0, -1));
            while (!taken.isEmpty()) {
                used.addAll(taken);
                taken = Groups.ids(buffer.take(0, PER_STEP, ++step, 0, -1));
            }
            long waiting = buffer.usable(0);
            assertThat(used).as("each once, seed %d", seed).doesNotHaveDuplicates();
            assertThat(used.size() + waiting).as("none is lost, seed %d", seed).isEqualTo(topic.size());
        }
    }

    /** Ingests and trains in turn; returns the last step. */
    private static long write(ExperienceBuffer buffer, List<Received> topic, int rounds, long step) {
        long last = step;
        for (int i = 0; i < rounds; i++) {
            int from = topic.size();
            for (int n = 0; n < PER_STEP + i % 2; n++) {
                topic.add(Groups.at(0, topic.size(), Groups.sampled("g" + topic.size(), 0, 0)));
            }
            buffer.ingest(topic.subList(from, topic.size()));
            last++;
            assertThat(buffer.take(0, PER_STEP, last, 0, -1)).hasSize(PER_STEP);
        }
        return last;
    }

    /* Anything behind the last sync may be missing; the disk may also have written a part of it as zeros. */
    private static void truncate(Path log, long synced, Random random) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "rw")) {
            long end = file.length();
            assertThat(end).isGreaterThan(synced);
            long left = synced + random.nextLong(end - synced);
            file.setLength(left);
            if (random.nextBoolean()) {
                file.setLength(end);
            }
        }
    }

    private static Path log(Path dir) throws IOException {
        try (Stream<Path> files = Files.list(dir)) {
            return files.filter(file -> file.toString().endsWith(".log"))
                    .max(Comparator.naturalOrder())
                    .orElseThrow();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.filter(file -> !file.endsWith("LOCK")).toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    private static java.util.Set<String> states(List<Received> records) {
        Map<String, String> ids = new TreeMap<>();
        records.forEach(record -> ids.put(new String(record.key()), ""));
        return ids.keySet();
    }

    private static Map<String, String> states(ExperienceBuffer buffer) {
        Map<String, String> states = new TreeMap<>();
        buffer.audit(states::put);
        return states;
    }

    private static ExperienceBuffer open(Path dir) {
        return ExperienceBuffer.open(dir, Codecs.scoredGroup(), (record, reason) -> {});
    }
}
