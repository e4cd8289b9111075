package io.foretell.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.Reward;
import io.foretell.domain.ScoredGroup;
import io.foretell.streams.Codecs;
import io.foretell.streams.GroupReader.Received;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Groups that await the answers to tasks they spawned: they and the answers are one, through restarts and in any order. */
class ExperienceBufferBundleTest {
    private static final int NO_LIMIT = -1;
    private static final Duration HOUR = Duration.ofHours(1);
    private static final Function<List<ScoredGroup>, String> ALL_WANTED =
            family -> AdmissionPolicy.refusal(family, false);

    @TempDir
    Path folder;

    private ExperienceBuffer buffer;
    private long offset;

    @BeforeEach
    void open() {
        buffer = ExperienceBuffer.open(folder, Codecs.scoredGroup(), (record, reason) -> {
            throw new AssertionError(reason);
        });
    }

    @AfterEach
    void close() {
        buffer.close();
    }

    private static ScoredGroup parent(String id, int phase, String... children) {
        return Groups.sampled(id, phase, 5)
                .withChildren(
                        Arrays.stream(children).map(child -> id + "/" + child).toList());
    }

    private static ScoredGroup child(String id) {
        return Groups.sampled(id, 0, 4);
    }

    @Test
    void aFamilyBecomesUsableAsOneWhenItsLastIsThere() {
        ingest(parent("p", 0, "0-a", "1-b"), child("p/1-b"));

        assertThat(buffer.usable(0)).isZero();
        assertThat(audit()).isEqualTo(Map.of("p", "WAITING"));
        assertThat(buffer.status().waiting()).isEqualTo(1);
        assertThat(buffer.take(0, 1, 1, 5, NO_LIMIT)).isEmpty();
        ingest(child("p/0-a"));
        assertThat(buffer.usable(0)).isEqualTo(1);
        assertThat(buffer.status().waiting()).isZero();
        assertThat(Groups.ids(buffer.take(0, 1, 1, 5, NO_LIMIT))).containsExactly("p", "p/0-a", "p/1-b");
        assertThat(buffer.usedPerPhase(1)).as("a family counts once").containsExactly(1L);
        assertThat(audit()).isEqualTo(Map.of("p", "USED 1"));
    }

    @Test
    void theFirstOfAFamilyMayComeLast() {
        ingest(child("p/0-a"));
        reopen();
        ingest(child("p/1-b"));
        reopen();
        assertThat(audit()).isEmpty();
        ingest(parent("p", 0, "0-a", "1-b"));

        assertThat(Groups.ids(buffer.take(0, 1, 1, 5, NO_LIMIT))).containsExactly("p", "p/0-a", "p/1-b");
    }

    @Test
    void whatAFailedIngestTookInComesAgain() {
        List<Received> records =
                List.of(Groups.at(0, offset++, parent("p", 0, "0-a")), Groups.at(0, offset++, child("q")));

        assertThatThrownBy(() -> buffer.ingest(records, family -> {
                    throw new IllegalStateException("the disk is full");
                }))
                .hasMessage("the disk is full");
        buffer.ingest(records);
        ingest(child("p/0-a"));

        assertThat(buffer.status().duplicates()).isZero();
        assertThat(Groups.ids(buffer.take(0, 2, 1, 5, NO_LIMIT))).containsExactly("q", "p", "p/0-a");
    }

    @Test
    void aRestartBetweenNeitherLosesNorRepeatsAnything() {
        ingest(parent("p", 0, "0-a", "1-b", "2-c"));
        reopen();
        ingest(child("p/2-c"), child("p/2-c"));
        reopen();
        assertThat(buffer.status().waiting()).isEqualTo(1);
        ingest(parent("p", 0, "0-a", "1-b", "2-c"), child("p/2-c"), child("p/0-a"));
        reopen();
        ingest(child("p/1-b"));
        reopen();
        ingest(child("p/1-b"), parent("p", 0, "0-a", "1-b", "2-c"));

        assertThat(buffer.status().duplicates()).isEqualTo(5);
        assertThat(Groups.ids(buffer.take(0, 1, 1, 5, NO_LIMIT))).containsExactly("p", "p/0-a", "p/1-b", "p/2-c");
        reopen();
        assertThat(buffer.rewindTo(0)).as("it is given back as one").isEqualTo(1);
        assertThat(Groups.ids(buffer.take(0, 1, 1, 5, NO_LIMIT))).hasSize(4);
        buffer.forgetUsedUpTo(1);
        assertThat(buffer.status().bodyBytes()).isZero();
        ingest(child("p/1-b"), parent("p", 0, "0-a", "1-b", "2-c"));
        assertThat(buffer.usable(0)).isZero();
        assertThat(buffer.status().waiting()).isZero();
    }

    @Test
    void theAnswersOfAnotherTimeThatTheParentWasSampledAreStrays() {
        ingest(child("p/0-other"), parent("p", 0, "0-a"), child("p/1-other"), child("p/0-a"), child("p/2-late"));

        assertThat(Groups.ids(buffer.take(0, 1, 1, 5, NO_LIMIT))).containsExactly("p", "p/0-a");
        assertThat(buffer.status().strays()).isEqualTo(2);
        assertThat(buffer.status().duplicates()).as("its family is known").isEqualTo(1);
    }

    @Test
    void aFamilyIsAsStaleAsItsOldestAndIsDroppedAsOne() {
        ingest(parent("p", 0, "0-a"), child("p/0-a"), Groups.sampled("q", 0, 5));

        assertThat(Groups.ids(buffer.take(0, 1, 1, 7, 2)))
                .as("5 and 4 at version 7")
                .containsExactly("q");
        assertThat(audit()).containsEntry("p", "DROPPED stale");
        assertThat(buffer.droppedPerPhase(1)).containsExactly(1L);
        assertThat(buffer.status().droppedByReason()).isEqualTo(Map.of("stale", 1L));
    }

    @Test
    void familiesAndOtherGroupsAreTakenInTheOrderTheyBecameUsable() {
        ingest(parent("p", 0, "0-a"), Groups.sampled("q", 0, 5), child("p/0-a"), Groups.sampled("r", 0, 5));

        assertThat(Groups.ids(buffer.take(0, 2, 1, 5, NO_LIMIT))).containsExactly("q", "p", "p/0-a");
        assertThat(Groups.ids(buffer.take(0, 1, 2, 5, NO_LIMIT))).containsExactly("r");
    }

    @Test
    void aDeadLetterIsNotWaitedFor() {
        ingest(parent("p", 0, "0-a", "1-b"), child("p/1-b"), parent("q", 0, "0-a"));
        buffer.lose("p/0-a", ALL_WANTED);
        buffer.lose("p/0-a", ALL_WANTED);
        buffer.lose("q", ALL_WANTED);
        buffer.lose("r/0-a", ALL_WANTED);
        ingest(parent("r", 0, "0-a"), child("p/0-a"));

        assertThat(Groups.ids(buffer.take(0, 2, 1, 5, NO_LIMIT))).containsExactly("p", "p/1-b", "r");
        assertThat(audit()).containsEntry("q", "WAITING");
        assertThat(buffer.status().lostChildren()).isEqualTo(2);
        assertThat(buffer.status().duplicates())
                .as("the one that came after all")
                .isEqualTo(1);
    }

    @Test
    void nothingIsWaitedForLongerThanThat() {
        ingest(parent("p", 0, "0-a", "1-b"), child("p/1-b"));
        long minute = Duration.ofMinutes(1).toNanos();
        buffer.giveUpWaiting(minute, HOUR, ALL_WANTED);
        buffer.giveUpWaiting(61 * minute, HOUR, ALL_WANTED);
        assertThat(audit()).containsEntry("p", "WAITING");
        reopen();
        buffer.giveUpWaiting(100 * minute, HOUR, ALL_WANTED);
        buffer.giveUpWaiting(161 * minute, HOUR, ALL_WANTED);

        assertThat(Groups.ids(buffer.take(0, 1, 1, 5, NO_LIMIT))).containsExactly("p", "p/1-b");
        assertThat(buffer.status().lostChildren()).isEqualTo(1);
        ingest(child("p/0-a"));
        assertThat(buffer.status().duplicates()).isEqualTo(1);
    }

    @Test
    void aFamilyOfWhichNothingCanBeLearntIsDroppedWithItsReason() {
        Reward failed = Reward.failed("lost");
        ScoredGroup parent = Groups.rewarded("p", 0, 5, failed, failed).withChildren(List.of("p/0-a"));
        ingest(parent, Groups.rewarded("p/0-a", 0, 5, failed, failed));
        ingest(Groups.rewarded("q", 0, 5, failed, failed).withChildren(List.of("q/0-a")), child("q/0-a"));

        assertThat(audit()).isEqualTo(Map.of("p", "DROPPED no reward: lost", "q", "USABLE"));
    }

    @Test
    void aPhaseThatIsOverDropsWhatStillWaits() {
        ingest(parent("p", 0, "0-a", "1-b"), child("p/0-a"), child("orphan/0-a"), parent("q", 1, "0-a"));
        ingest(Groups.sampled("r", 0, 5));

        assertThat(buffer.dropPhase(0, "phase over")).isEqualTo(2);
        reopen();
        assertThat(audit()).isEqualTo(Map.of("p", "DROPPED phase over", "q", "WAITING", "r", "DROPPED phase over"));
        assertThat(buffer.droppedPerPhase(2)).containsExactly(2L, 0L);
        assertThat(buffer.status().strays()).isEqualTo(1);
        ingest(child("p/1-b"), child("q/0-a"));
        assertThat(audit()).containsEntry("q", "USABLE");
    }

    @Test
    void anUpdateHasWholeFamilies() {
        ingest(parent("p", 0, "0-a", "1-b"), child("p/0-a"), child("p/1-b"), Groups.sampled("q", 0, 5));
        ingest(parent("r", 0, "0-a"), child("r/0-a"));
        List<ScoredGroup> step = buffer.take(0, 3, 1, 5, NO_LIMIT);

        assertThat(GroupBundle.batches(step, 2).stream().map(Groups::ids))
                .containsExactly(List.of("p", "p/0-a", "p/1-b", "q"), List.of("r", "r/0-a"));
        assertThat(GroupBundle.batches(step, 3)).containsExactly(step);
        assertThat(GroupBundle.batches(List.of(), 3)).isEmpty();
    }

    /** Records in any order, some of them twice, read in pieces, with crashes between, and steps that are undone. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void everyFamilyIsUsedOnceAndWhole(long seed) {
        System.out.println("family test with seed " + seed);
        Random random = new Random(seed);
        Map<String, Set<String>> families = new TreeMap<>();
        List<ScoredGroup> records = new ArrayList<>();
        for (int f = 0; f < 60; f++) {
            String[] children = new String[random.nextInt(4)];
            Arrays.setAll(children, c -> c + "-x");
            ScoredGroup parent = parent("f" + f, 0, children);
            families.put(parent.id(), new TreeSet<>(parent.children()));
            records.add(parent);
            parent.children().forEach(id -> records.add(child(id)));
        }
        int repeats = records.size() / 3;
        for (int again = 0; again < repeats; again++) {
            records.add(records.get(random.nextInt(records.size())));
        }
        Collections.shuffle(records, random);
        long step = 0;
        Map<String, Set<String>> used = new HashMap<>();
        for (int at = 0; at < records.size(); ) {
            int piece = Math.min(records.size() - at, 1 + random.nextInt(6));
            ingest(records.subList(at, at + piece).toArray(ScoredGroup[]::new));
            at += piece;
            if (random.nextInt(3) == 0) {
                reopen();
                buffer.rewindTo(step);
            }
            List<ScoredGroup> taken = buffer.take(0, 1 + random.nextInt(2), step + 1, 5, NO_LIMIT);
            if (!taken.isEmpty() && random.nextInt(4) == 0) {
                buffer.rewindTo(step); // the step is lost with its weights
            } else if (!taken.isEmpty()) {
                step++;
                note(taken, used);
            }
        }
        for (List<ScoredGroup> rest = buffer.take(0, 1, step + 1, 5, NO_LIMIT);
                !rest.isEmpty();
                rest = buffer.take(0, 1, ++step + 1, 5, NO_LIMIT)) {
            note(rest, used);
        }

        assertThat(used).as("seed %d", seed).isEqualTo(families);
        assertThat(buffer.status().waiting()).isZero();
        assertThat(buffer.usedPerPhase(1)).containsExactly(60L);
        assertThat(buffer.status().duplicates()).isEqualTo(repeats);
    }

    private static void note(List<ScoredGroup> taken, Map<String, Set<String>> used) {
        String parent = "";
        for (ScoredGroup group : taken) {
            if (group.id().contains("/")) {
                assertThat(used.get(parent).add(group.id())).isTrue();
            } else {
                parent = group.id();
                assertThat(used.put(parent, new TreeSet<>()))
                        .as("%s is used once", parent)
                        .isNull();
            }
        }
    }

    private void ingest(ScoredGroup... groups) {
        buffer.ingest(Arrays.stream(groups)
                .map(group -> Groups.at(0, offset++, group))
                .toList());
    }

    private void reopen() {
        buffer.close();
        open();
    }

    private Map<String, String> audit() {
        Map<String, String> states = new TreeMap<>();
        buffer.audit(states::put);
        return states;
    }
}
