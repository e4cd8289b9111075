package io.foretell.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.domain.ScoredGroup;
import io.foretell.platform.DataSize;
import io.foretell.streams.Codecs;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which groups a step takes, which it replays, and which are evicted. */
class BufferSamplingTest {
    @TempDir
    Path folder;

    private long offset;

    @Test
    void freshestFirstTakesTheLastThatCameAndDropsStaleOnesOnlyWhenItComesToThem() {
        try (ExperienceBuffer buffer = open(settings("freshest", 0, 100), 1)) {
            for (int i = 0; i < 6; i++) {
                ingest(buffer, Groups.sampled("g" + i, 0, i));
            }
            assertThat(Groups.ids(buffer.take(0, 2, 1, 5, 2))).containsExactly("g5", "g4");
            assertThat(buffer.status().dropped().get(0)).isZero();
            assertThat(buffer.take(0, 2, 2, 5, 2)).isEmpty(); // g3 is fresh enough, g2 and older are not
            assertThat(buffer.status().droppedByReason()).containsOnly(Map.entry("stale", 3L));
            ingest(buffer, Groups.sampled("g6", 0, 6));
            assertThat(Groups.ids(buffer.take(0, 2, 2, 6, 3))).containsExactly("g6", "g3");
            assertThat(buffer.rewindTo(0)).isEqualTo(4);
            assertThat(Groups.ids(buffer.take(0, 4, 1, 6, 3))).containsExactly("g6", "g5", "g4", "g3");
        }
    }

    @Test
    void uniformTakesEveryGroupEquallyOftenAndEachOnce() {
        Map<String, Integer> taken = new TreeMap<>();
        int rounds = 300;
        try (ExperienceBuffer buffer = open(settings("uniform", 0, 100), 7)) {
            for (int i = 0; i < 40; i++) {
                ingest(buffer, Groups.sampled("g" + i, i < 20 ? 0 : 1, 0));
            }
            for (int step = 1; step <= rounds; step++) {
                List<String> ids = Groups.ids(buffer.take(0, 5, step, 0, -1));
                assertThat(ids).hasSize(5).doesNotHaveDuplicates();
                ids.forEach(id -> taken.merge(id, 1, Integer::sum));
                buffer.rewindTo(0);
            }
            List<String> all = new ArrayList<>();
            for (int step = 1; step <= 4; step++) {
                all.addAll(Groups.ids(buffer.take(0, 5, step, 0, -1)));
            }
            assertThat(new HashSet<>(all)).hasSize(20); // also the last, when few of many places are usable
            assertThat(buffer.take(0, 1, 5, 0, -1)).isEmpty();
        }
        assertThat(taken).hasSize(20);
        // 75 expected of each, standard deviation 7.5
        assertThat(taken.values()).allMatch(times -> times > 40 && times < 110);
    }

    @Test
    void uniformDrawsTheSameForTheSameSeedAndStepAndOthersForAnotherSeed() {
        assertThat(drawn("a", 1)).isEqualTo(drawn("b", 1)).isNotEqualTo(drawn("c", 2));
    }

    private List<String> drawn(String name, long seed) {
        try (ExperienceBuffer buffer = open(folder.resolve(name), settings("uniform", 0, 100), seed)) {
            for (int i = 0; i < 50; i++) {
                ingest(buffer, Groups.sampled("g" + i, 0, 0));
            }
            return Groups.ids(buffer.take(0, 10, 3, 0, -1));
        }
    }

    @Test
    void replayDrawsFromWhatIsBehindTheOldestCheckpointAndNeverThoughts() {
        try (ExperienceBuffer buffer = open(settings("oldest", 0.5, 8), 3)) {
            for (int i = 0; i < 12; i++) {
                ingest(buffer, i % 3 == 0 ? Groups.sampled("t" + i, 0, 0) : Groups.plain("p" + i, 0));
            }
            buffer.take(0, 6, 1, 0, -1);
            buffer.take(0, 6, 2, 0, -1);
            assertThat(buffer.replay(4, 3))
                    .as("a crash could still take them back")
                    .isEmpty();
            assertThat(buffer.forgetUsedUpTo(1)).isEqualTo(6);
            assertThat(Groups.ids(buffer.replay(4, 3))).containsExactlyInAnyOrder("p1", "p2", "p4", "p5");
            assertThat(buffer.rewindTo(1)).isEqualTo(6);
            assertThat(buffer.usedPerPhase(1)).containsExactly(6L);
        }
        try (ExperienceBuffer buffer = open(settings("oldest", 0.5, 8), 3)) {
            List<String> first = Groups.ids(buffer.replay(2, 9));
            assertThat(first).hasSize(2).isEqualTo(Groups.ids(buffer.replay(2, 9)));
            assertThat(buffer.replay(40, 9)).hasSize(4);
        }
    }

    @Test
    void theReservoirIsAUniformSampleOfAllItWasOffered() {
        int groups = 60;
        int places = 6;
        Map<String, Integer> kept = new TreeMap<>();
        for (int seed = 0; seed < 60; seed++) {
            Path own = folder.resolve("reservoir-" + seed);
            try (ExperienceBuffer buffer = open(own, settings("oldest", 0.5, places), seed)) {
                for (int i = 0; i < groups; i++) {
                    ingest(buffer, Groups.plain("p" + i, 0));
                }
                for (int step = 1; step <= groups / 10; step++) {
                    buffer.take(0, 10, step, 0, -1);
                    buffer.forgetUsedUpTo(step);
                }
                List<String> ids = Groups.ids(buffer.replay(100, 99));
                assertThat(ids).hasSize(places).doesNotHaveDuplicates();
                ids.forEach(id -> kept.merge(id.compareTo("p3") < 0 ? "first third" : "rest", 1, Integer::sum));
                long bytes = Groups.at(0, 0, Groups.plain("p10", 0)).value().length;
                assertThat(buffer.status().bodyBytes())
                        .as("only they are stored")
                        .isBetween(places * (bytes - 3), places * (bytes + 3));
            }
        }
        // ids p0, p1, p10 to p19, p2, p20 to p29 sort below p3: 23 of 60, so 138 of 360 expected, deviation 9
        assertThat(kept.get("first third")).isBetween(100, 176);
    }

    @Test
    void beyondItsBytesTheOldestWaitingGroupsAreEvictedCountedAndExplained() {
        ScoredGroup example = Groups.sampled("g00000", 0, 0);
        int bytes = Groups.at(0, 0, example).value().length;
        int room = (1 << 20) / bytes;
        BufferSettings small = new BufferSettings("oldest", 0, 1, DataSize.ofMebibytes(1));
        try (ExperienceBuffer buffer = open(small, 1)) {
            ingestMany(buffer, 0, room);
            assertThat(buffer.status().dropped()).doesNotContainValue(1L);
            Set<String> used = Set.copyOf(Groups.ids(buffer.take(0, 10, 1, 0, -1)));
            ingestMany(buffer, room, room + 25);
            assertThat(buffer.status().droppedByReason()).containsOnlyKeys("evicted");
            assertThat(buffer.status().droppedByReason().get("evicted")).isBetween(24L, 27L);
            assertThat(buffer.status().bodyBytes()).isLessThanOrEqualTo(1 << 20);
            List<String> reasons = new ArrayList<>();
            buffer.audit((id, state) -> {
                if (state.startsWith("DROPPED")) {
                    reasons.add(state);
                    assertThat(used).as("a crash may need it").doesNotContain(id);
                    assertThat(id).isLessThan("g00040");
                }
            });
            assertThat(reasons).containsOnly("DROPPED evicted: the buffer had more than 1MiB");
            assertThat(buffer.rewindTo(0)).isEqualTo(10);
        }
    }

    private void ingestMany(ExperienceBuffer buffer, int from, int to) {
        buffer.ingest(IntStream.range(from, to)
                .mapToObj(i -> Groups.at(0, i, Groups.sampled(String.format("g%05d", i), 0, 0)))
                .toList());
    }

    private void ingest(ExperienceBuffer buffer, ScoredGroup group) {
        buffer.ingest(List.of(Groups.at(0, offset++, group)));
    }

    private static BufferSettings settings(String sampling, double replayShare, int replayGroups) {
        return new BufferSettings(sampling, replayShare, replayGroups, DataSize.ofMebibytes(1024));
    }

    private ExperienceBuffer open(BufferSettings settings, long seed) {
        return open(folder, settings, seed);
    }

    private static ExperienceBuffer open(Path dir, BufferSettings settings, long seed) {
        return ExperienceBuffer.open(dir, Codecs.scoredGroup(), (record, reason) -> {}, false, settings, seed);
    }
}
