package io.foretell.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.domain.Reward;
import io.foretell.domain.ScoredGroup;
import io.foretell.streams.Codecs;
import io.foretell.streams.GroupReader.Received;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random histories of a learner that reads, trains, makes checkpoints and dies, against a model that is a list. Whatever
 * happens, in the history that the last weights stand for no group is used twice and none is lost.
 */
class ExperienceBufferLineageTest {
    private static final int PARTITIONS = 3;
    private static final int PHASES = 2;
    private static final int LIMIT = 3;

    @TempDir
    Path folder;

    private final List<List<Received>> topic = new ArrayList<>();
    /** Id to fate, in order of arrival: null while usable, a step when used, a reason when dropped. */
    private final Map<String, Object> model = new LinkedHashMap<>();

    private final Map<String, ScoredGroup> groups = new TreeMap<>();
    /** Step to the ids it was trained on, in the surviving history. */
    private final TreeMap<Long, List<String>> lineage = new TreeMap<>();

    private final List<Long> checkpoints = new ArrayList<>(List.of(0L));
    private Random random;
    private ExperienceBuffer buffer;
    private boolean deadLettersFail;
    private long step;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void noGroupIsUsedTwiceAndNoneIsLost(long seed) {
        System.out.println("lineage test with seed " + seed);
        random = new Random(seed);
        for (int partition = 0; partition < PARTITIONS; partition++) {
            topic.add(new ArrayList<>());
        }
        open();
        for (int action = 0; action < 250; action++) {
            act(random.nextInt(100));
            assertThat(states()).as("seed %d, action %d", seed, action).isEqualTo(expectedStates());
        }
        drain();
        checkLineage(seed);
        buffer.close();
    }

    private void act(int dice) {
        if (dice < 30) {
            produce();
        } else if (dice < 60) {
            ingest(random.nextInt(10) == 0);
        } else if (dice < 83) {
            take(random.nextInt(PHASES), 1 + random.nextInt(5));
        } else if (dice < 91) {
            checkpoint();
        } else {
            crash();
        }
    }

    private void produce() {
        for (int n = random.nextInt(8); n > 0; n--) {
            int partition = random.nextInt(PARTITIONS);
            List<Received> records = topic.get(partition);
            String id = random.nextInt(6) == 0 && !groups.isEmpty()
                    ? List.copyOf(groups.keySet()).get(random.nextInt(groups.size()))
                    : "g" + groups.size();
            records.add(
                    random.nextInt(15) == 0
                            ? Groups.garbage(partition, records.size())
                            : Groups.at(partition, records.size(), groups.computeIfAbsent(id, this::group)));
        }
    }

    private ScoredGroup group(String id) {
        int phase = random.nextInt(PHASES);
        long version = Math.max(0, step - random.nextInt(6));
        return switch (random.nextInt(6)) {
            case 0 -> Groups.plain(id, phase);
            case 1 -> Groups.rewarded(id, phase, version, Reward.failed("no judge"), Reward.of(1, Map.of()));
            default -> Groups.sampled(id, phase, version);
        };
    }

    /* Reads on from the buffer's positions, or, as after a lost answer, from before them. */
    private void ingest(boolean again) {
        List<Received> records = new ArrayList<>();
        Map<Integer, Long> positions = buffer.positions();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            List<Received> all = topic.get(partition);
            int from = positions.getOrDefault(partition, 0L).intValue();
            from = again ? random.nextInt(from + 1) : from;
            records.addAll(all.subList(from, Math.min(all.size(), from + random.nextInt(12))));
        }
        deadLettersFail = random.nextInt(8) == 0;
        try {
            buffer.ingest(records);
        } catch (DeadLettersFail e) {
            assertThat(buffer.positions()).isEqualTo(positions);
            return;
        }
        records.stream().filter(record -> record.key().length > 0).forEach(record -> {
            ScoredGroup group = Codecs.scoredGroup().decode(record.value());
            boolean rewarded = group.rewards().stream().allMatch(Reward::isOk);
            if (!model.containsKey(group.id())) {
                model.put(group.id(), rewarded ? null : "no reward: no judge");
            }
        });
    }

    private void take(int phase, int count) {
        List<String> fresh = new ArrayList<>();
        for (String id : List.copyOf(model.keySet())) {
            ScoredGroup group = groups.get(id);
            if (model.get(id) == null && group.task().phase() == phase && fresh.size() < count) {
                if (!group.rewards().isEmpty() && group.scorerVersion() < step - LIMIT) {
                    model.put(id, "stale");
                } else {
                    fresh.add(id);
                }
            }
        }
        List<String> taken = Groups.ids(buffer.take(phase, count, step + 1, step, LIMIT));
        assertThat(taken).isEqualTo(fresh.size() == count ? fresh : List.of());
        if (!taken.isEmpty()) {
            step++;
            taken.forEach(id -> model.put(id, step));
            lineage.put(step, taken);
        }
    }

    private void checkpoint() {
        if (checkpoints.get(checkpoints.size() - 1) != step) {
            buffer.sync();
            checkpoints.add(step);
        }
        if (checkpoints.size() > 2) {
            checkpoints.remove(0);
            buffer.forgetUsedUpTo(checkpoints.get(0));
        }
    }

    /* Sometimes the latest checkpoint turns out to be torn; sometimes the learner dies again while it rewinds. */
    private void crash() {
        buffer.close();
        if (checkpoints.size() > 1 && random.nextInt(4) == 0) {
            checkpoints.remove(checkpoints.size() - 1);
        }
        step = checkpoints.get(checkpoints.size() - 1);
        open();
        buffer.rewindTo(step);
        if (random.nextBoolean()) {
            buffer.close();
            open();
            buffer.rewindTo(step);
        }
        lineage.tailMap(step, false).clear();
        model.replaceAll((id, fate) -> fate instanceof Long used && used > step ? null : fate);
    }

    private void open() {
        buffer = ExperienceBuffer.open(folder, Codecs.scoredGroup(), (record, reason) -> {
            if (deadLettersFail) {
                throw new DeadLettersFail();
            }
        });
    }

    private void drain() {
        deadLettersFail = false;
        for (int partition = 0; partition < PARTITIONS; partition++) {
            int from = buffer.positions().getOrDefault(partition, 0L).intValue();
            List<Received> rest =
                    topic.get(partition).subList(from, topic.get(partition).size());
            buffer.ingest(rest);
        }
        for (int phase = 0; phase < PHASES; phase++) {
            List<ScoredGroup> taken = buffer.take(phase, 1, step + 1, step, -1);
            while (!taken.isEmpty()) {
                step++;
                lineage.put(step, Groups.ids(taken));
                taken = buffer.take(phase, 1, step + 1, step, -1);
            }
        }
    }

    private void checkLineage(long seed) {
        List<String> used = lineage.values().stream().flatMap(List::stream).toList();
        Set<String> accounted = new HashSet<>(used);
        assertThat(used).as("used once, seed %d", seed).hasSameSizeAs(accounted).hasSizeGreaterThan(50);
        buffer.audit((id, state) -> {
            if (state.startsWith("DROPPED")) {
                assertThat(accounted.add(id)).as("%s is used and dropped", id).isTrue();
            }
        });
        Set<String> produced = new HashSet<>(groups.keySet());
        assertThat(accounted).as("none is lost, seed %d", seed).isEqualTo(produced);
        long usedByCounters =
                buffer.usedPerPhase(PHASES).stream().mapToLong(Long::longValue).sum();
        long droppedByCounters = buffer.droppedPerPhase(PHASES).stream()
                .mapToLong(Long::longValue)
                .sum();
        assertThat(usedByCounters).isEqualTo(used.size());
        assertThat(droppedByCounters).isEqualTo(produced.size() - used.size());
        assertThat(buffer.status().usable().values()).allMatch(usable -> usable == 0);
    }

    private Map<String, String> states() {
        Map<String, String> states = new TreeMap<>();
        buffer.audit(states::put);
        return states;
    }

    private Map<String, String> expectedStates() {
        Map<String, String> states = new TreeMap<>();
        model.forEach((id, fate) -> states.put(
                id, fate == null ? "USABLE" : fate instanceof Long used ? "USED " + used : "DROPPED " + fate));
        return states;
    }

    private static final class DeadLettersFail extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }
}
