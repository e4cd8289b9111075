package io.foretell.lab.bench;

import io.foretell.buffer.ExperienceBuffer;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.VersionRange;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.Time;
import io.foretell.streams.Codecs;
import io.foretell.streams.GroupReader.Received;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The experience buffer, with the learner's writes and reads. Used by one thread. */
final class BufferCases {
    private static final int PER_WRITE = 64;
    private static final int PER_STEP = 64;
    private static final int LARGE_GROUPS = 3_200;
    private static final int ROLLOUTS = 8;
    private static final int LARGE_TOKENS = 1_000; // of 4 bytes, and a log-probability of 4 each
    private static final int LATENCIES = 200;
    private static final int FEW = 10_000;

    private final Path folder;

    BufferCases(Path folder) {
        this.folder = folder;
    }

    /** Groups of 64 KB: written in batches of 64 with their position, and read in batches of 64. */
    BenchReport.Figures large() {
        Path dir = folder.resolve("large");
        List<byte[]> bodies = bodies(ROLLOUTS, LARGE_TOKENS, LARGE_GROUPS);
        double bytes = bodies.stream().mapToLong(body -> body.length).sum();
        try (ExperienceBuffer buffer = open(dir)) {
            double written = Stopwatch.seconds(() -> ingest(buffer, bodies, 0));
            double taken = Stopwatch.seconds(() -> {
                for (int step = 1; step <= LARGE_GROUPS / PER_STEP; step++) {
                    buffer.take(0, PER_STEP, step, 0, -1);
                }
            });
            return new BenchReport.Figures()
                    .put("group_bytes", bytes / LARGE_GROUPS)
                    .put("groups_written_per_second", LARGE_GROUPS / written)
                    .put("mb_written_per_second", bytes / 1e6 / written)
                    .put("groups_read_per_second", LARGE_GROUPS / taken)
                    .put("mb_read_per_second", bytes / 1e6 / taken);
        } finally {
            AtomicFiles.deleteFolder(dir);
        }
    }

    /** Many small groups: cost of taking a batch and of opening, at 10,000 groups and at {@code groups}. */
    BenchReport.Figures many(int groups) {
        Path dir = folder.resolve("many");
        try {
            BenchReport.Figures figures = new BenchReport.Figures().put("groups", groups);
            double seconds;
            try (ExperienceBuffer buffer = open(dir)) {
                seconds = Stopwatch.seconds(() -> fill(buffer, 0, FEW));
                latencies(buffer, 1, "take_ms_early", figures);
            }
            double early = opening(dir);
            try (ExperienceBuffer buffer = open(dir)) {
                seconds += Stopwatch.seconds(() -> fill(buffer, FEW, groups));
                latencies(buffer, 1 + LATENCIES, "take_ms_late", figures);
            }
            return figures.put("groups_written_per_second", groups / seconds)
                    .put("open_ms_early", early)
                    .put("open_ms_late", opening(dir));
        } finally {
            AtomicFiles.deleteFolder(dir);
        }
    }

    /** Opens, returns the last 20 steps and takes the first of them: the wait at a restart after a crash. */
    private static double opening(Path dir) {
        long start = Time.system().nanos();
        try (ExperienceBuffer buffer = open(dir)) {
            long used = buffer.status().used().values().stream()
                            .mapToLong(Long::longValue)
                            .sum()
                    / PER_STEP;
            buffer.rewindTo(used - 20);
            buffer.take(0, PER_STEP, used - 19, 0, -1);
            double millis = (Time.system().nanos() - start) / 1e6;
            for (long step = used - 18; step <= used; step++) {
                buffer.take(0, PER_STEP, step, 0, -1);
            }
            return millis;
        }
    }

    private static void latencies(ExperienceBuffer buffer, int firstStep, String name, BenchReport.Figures figures) {
        double[] millis = new double[LATENCIES];
        for (int i = 0; i < LATENCIES; i++) {
            int step = firstStep + i;
            millis[i] = 1e3 * Stopwatch.seconds(() -> buffer.take(0, PER_STEP, step, 0, -1));
        }
        Arrays.sort(millis);
        figures.put(name + "_p50", millis[LATENCIES / 2]).put(name + "_p99", millis[LATENCIES * 99 / 100]);
    }

    private static void fill(ExperienceBuffer buffer, int from, int to) {
        for (int at = from; at < to; at += FEW) {
            List<byte[]> bodies = new ArrayList<>();
            for (int i = at; i < Math.min(to, at + FEW); i++) {
                bodies.add(body(i, 2, 4, new SplittableRandom(i)));
            }
            ingest(buffer, bodies, at);
        }
    }

    private static void ingest(ExperienceBuffer buffer, List<byte[]> bodies, long firstOffset) {
        for (int from = 0; from < bodies.size(); from += PER_WRITE) {
            List<Received> records = new ArrayList<>();
            for (int i = from; i < Math.min(bodies.size(), from + PER_WRITE); i++) {
                records.add(new Received(0, firstOffset + i, new byte[0], bodies.get(i)));
            }
            buffer.ingest(records);
        }
    }

    private static List<byte[]> bodies(int rollouts, int tokens, int count) {
        SplittableRandom random = new SplittableRandom(1);
        List<byte[]> bodies = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            bodies.add(body(i, rollouts, tokens, random));
        }
        return bodies;
    }

    /** Random tokens and log-probabilities, which compress no better than real ones. */
    private static byte[] body(int number, int rollouts, int tokens, SplittableRandom random) {
        String id = "g" + number;
        Task task = new Task(id, "bench", 0, "rlp", "d", TokenArray.of(1), TokenArray.of(2), number, -1, Instant.EPOCH);
        List<Rollout> all = new ArrayList<>();
        List<Reward> rewards = new ArrayList<>();
        for (int r = 0; r < rollouts; r++) {
            int[] ids = random.ints(tokens, 0, 150_000).toArray();
            float[] logProbs = new float[tokens];
            for (int t = 0; t < tokens; t++) {
                logProbs[t] = (float) -random.nextDouble();
            }
            all.add(new Rollout(
                    r,
                    1,
                    TokenArray.of(ids),
                    FloatArray.of(logProbs),
                    0,
                    1,
                    r,
                    FinishReason.STOP,
                    List.of(new VersionRange(0, 0, tokens))));
            rewards.add(Reward.of(r, Map.of()));
        }
        RolloutGroup group = new RolloutGroup(task, TokenArray.of(1), -1, all, "t", "p", 0, Instant.EPOCH);
        return Codecs.scoredGroup().encode(new ScoredGroup(group, rewards, 0, 0, Instant.EPOCH));
    }

    private static ExperienceBuffer open(Path dir) {
        return ExperienceBuffer.open(dir, Codecs.scoredGroup(), (record, reason) -> {
            throw new IllegalStateException(new String(record.key(), StandardCharsets.UTF_8) + ": " + reason);
        });
    }
}
