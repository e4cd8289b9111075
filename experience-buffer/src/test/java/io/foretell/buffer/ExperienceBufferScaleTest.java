package io.foretell.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.streams.Codecs;
import io.foretell.streams.GroupReader.Received;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExperienceBufferScaleTest {
    private static final int GROUPS = 100_000;
    private static final int PER_INGEST = 500;
    private static final int PER_STEP = 100;

    @TempDir
    Path folder;

    @Test
    void takingDoesNotGetSlowerAsHistoryGrows() throws IOException {
        try (ExperienceBuffer buffer = open()) {
            ingestAll(buffer);
            long[] micros = new long[GROUPS / PER_STEP];
            for (int step = 1; step <= micros.length; step++) {
                long started = System.nanoTime();
                assertThat(buffer.take(0, PER_STEP, step, 0, -1)).hasSize(PER_STEP);
                micros[step - 1] = (System.nanoTime() - started) / 1000;
                if (step % 20 == 0) {
                    buffer.forgetUsedUpTo(step - 60);
                }
            }
            long early = low(micros, 50, 250);
            long late = low(micros, micros.length - 200, micros.length);
            System.out.printf("take of %d groups: %d us early, %d us after %d groups%n", PER_STEP, early, late, GROUPS);
            assertThat(late).isLessThan(3 * early + 1000);
            assertThat(buffer.take(0, 1, GROUPS, 0, -1)).isEmpty();
        }
        long started = System.nanoTime();
        try (ExperienceBuffer buffer = open()) {
            buffer.rewindTo(GROUPS / PER_STEP - 20);
            assertThat(buffer.take(0, PER_STEP, GROUPS / PER_STEP - 19, 0, -1)).hasSize(PER_STEP);
        }
        System.out.printf(
                "open, rewind of 20 steps, take: %d ms; %d kB on disk%n",
                (System.nanoTime() - started) / 1_000_000, sizeBytes() / 1000);
    }

    private ExperienceBuffer open() {
        return ExperienceBuffer.open(folder, Codecs.scoredGroup(), (record, reason) -> {
            throw new AssertionError(reason);
        });
    }

    private static void ingestAll(ExperienceBuffer buffer) {
        long started = System.nanoTime();
        for (int from = 0; from < GROUPS; from += PER_INGEST) {
            List<Received> records = new ArrayList<>();
            for (int i = from; i < from + PER_INGEST; i++) {
                records.add(Groups.at(0, i, Groups.plain("group-" + i, 0)));
            }
            buffer.ingest(records);
        }
        System.out.printf(
                "ingest of %d groups: %d ms, bodies of %d kB%n",
                GROUPS,
                (System.nanoTime() - started) / 1_000_000,
                buffer.status().bodyBytes() / 1000);
    }

    private long sizeBytes() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    /** What one in ten is below: others on the machine only add time. */
    private static long low(long[] values, int from, int to) {
        long[] some = Arrays.copyOfRange(values, from, to);
        Arrays.sort(some);
        return some[some.length / 10];
    }
}
