package io.foretell.buffer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.Reward;
import io.foretell.domain.ScoredGroup;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.streams.Codecs;
import io.foretell.streams.GroupReader.Received;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExperienceBufferTest {
    private static final int NO_LIMIT = -1;

    @TempDir
    Path folder;

    private final List<String> unreadable = new ArrayList<>();
    private ExperienceBuffer buffer;
    private long offset;

    @BeforeEach
    void open() {
        buffer = ExperienceBuffer.open(
                folder,
                Codecs.scoredGroup(),
                (record, reason) -> unreadable.add(record.partition() + "/" + record.offset() + " " + reason));
    }

    @AfterEach
    void close() {
        buffer.close();
    }

    @Test
    void groupsAndThePositionsBehindThemSurviveTogether() {
        IngestResult result = buffer.ingest(List.of(
                Groups.at(0, 10, Groups.sampled("a", 0, 0)),
                Groups.at(3, 7, Groups.sampled("b", 0, 0)),
                Groups.at(0, 11, Groups.plain("c", 1))));
        reopen();

        assertThat(result).isEqualTo(new IngestResult(3, 0, 0, 0));
        assertThat(buffer.positions()).isEqualTo(Map.of(0, 12L, 3, 8L));
        assertThat(buffer.usable(0)).isEqualTo(2);
        assertThat(buffer.take(0, 2, 1, 0, NO_LIMIT))
                .containsExactly(Groups.sampled("a", 0, 0), Groups.sampled("b", 0, 0));
        assertThat(buffer.take(1, 1, 1, 0, NO_LIMIT)).containsExactly(Groups.plain("c", 1));
    }

    @Test
    void anIngestThatFailsLeavesNeitherGroupsNorPositions() {
        buffer.close();
        buffer = ExperienceBuffer.open(folder, Codecs.scoredGroup(), (record, reason) -> {
            throw new IllegalStateException("no dead letters today");
        });
        List<Received> records = List.of(Groups.at(0, 0, Groups.sampled("a", 0, 0)), Groups.garbage(0, 1));

        assertThatThrownBy(() -> buffer.ingest(records)).hasMessage("no dead letters today");
        assertThat(buffer.positions()).isEmpty();
        assertThat(buffer.usable(0)).isZero();
        reopen();
        assertThat(buffer.ingest(records)).isEqualTo(new IngestResult(1, 0, 0, 1));
        assertThat(buffer.positions()).isEqualTo(Map.of(0, 2L));
    }

    @Test
    void anUnreadableRecordIsHandedOverAndThePositionMovesOn() {
        IngestResult result = buffer.ingest(List.of(
                Groups.garbage(2, 5), Groups.at(2, 6, Groups.plain("", 0)), Groups.at(2, 7, Groups.plain("x", -1))));

        assertThat(result).isEqualTo(new IngestResult(0, 0, 0, 3));
        assertThat(buffer.positions()).isEqualTo(Map.of(2, 8L));
        assertThat(unreadable.get(0)).startsWith("2/5 3 bytes are not a scored group");
        assertThat(unreadable.subList(1, 3))
                .containsExactly(
                        "2/6 a scored group has id '' and phase 0", "2/7 a scored group has id 'x' and phase -1");
        assertThat(buffer.status().unreadable()).isEqualTo(3);
    }

    @Test
    void aPositionFollowsItsPartitionBackWhenTheEndOfItWasLost() {
        buffer.ingest(List.of(Groups.at(0, 100, Groups.plain("a", 0))));
        buffer.ingest(List.of(Groups.at(0, 50, Groups.plain("b", 0))));

        assertThat(buffer.positions()).isEqualTo(Map.of(0, 51L));
        assertThat(buffer.usable(0)).isEqualTo(2);
    }

    @Test
    void aGroupThatWasThereBeforeIsCountedAndNotStored() {
        ingest(Groups.sampled("a", 0, 0), Groups.sampled("a", 0, 9), Groups.sampled("b", 0, 0));
        reopen();
        ingest(Groups.sampled("b", 0, 0));
        assertThat(Groups.ids(buffer.take(0, 2, 1, 0, NO_LIMIT))).containsExactly("a", "b");
        ingest(Groups.sampled("a", 0, 0));
        buffer.forgetUsedUpTo(1);
        ingest(Groups.sampled("b", 0, 0));

        assertThat(buffer.status().duplicates()).isEqualTo(4);
        assertThat(buffer.usable(0)).isZero();
        assertThat(buffer.usedPerPhase(1)).containsExactly(2L);
    }

    @Test
    void dynamicSamplingDropsGroupsWhoseRewardsAreAllEqual() {
        buffer.close();
        buffer = ExperienceBuffer.open(
                folder,
                Codecs.scoredGroup(),
                (record, reason) -> unreadable.add(reason),
                true,
                BufferSettings.DEFAULT,
                0);
        Reward ok = Reward.of(1, Map.of());
        ingest(
                Groups.rewarded("equal", 0, 0, ok, Reward.failed("lost"), ok),
                Groups.sampled("different", 0, 0),
                Groups.plain("plain", 0));

        assertThat(audit())
                .containsEntry("equal", "DROPPED all rewards are equal")
                .containsEntry("different", "USABLE")
                .containsEntry("plain", "USABLE");
        assertThat(buffer.droppedPerPhase(1)).containsExactly(1L);
    }

    @Test
    void aGroupWithFewerThanTwoRewardsIsDroppedWithItsReason() {
        Reward ok = Reward.of(1, Map.of());
        ingest(
                Groups.rewarded("lost", 2, 0, Reward.failed("judge said 42: no"), ok, Reward.failed("other")),
                Groups.rewarded("single", 2, 0, ok),
                Groups.rewarded("enough", 2, 0, ok, Reward.failed("x"), ok),
                Groups.plain("plain", 2));
        reopen();

        assertThat(audit())
                .containsEntry("lost", "DROPPED no reward: judge said 42: no")
                .containsEntry(
                        "single", "DROPPED no reward: the group has a single rollout, and an advantage needs two")
                .containsEntry("enough", "USABLE")
                .containsEntry("plain", "USABLE");
        assertThat(buffer.droppedPerPhase(3)).containsExactly(0L, 0L, 2L);
        assertThat(buffer.status().droppedByReason()).isEqualTo(Map.of("no reward", 2L));
    }

    @Test
    void staleGroupsAreDroppedOnTheWayAndOnlyThem() {
        ingest(
                Groups.sampled("old", 0, 4),
                Groups.sampled("just fresh", 0, 5),
                Groups.plain("plain", 0),
                Groups.sampled("new", 0, 8));

        assertThat(buffer.take(0, 4, 1, 9, 4)).isEmpty();
        assertThat(audit()).containsEntry("old", "DROPPED stale").containsEntry("just fresh", "USABLE");
        assertThat(Groups.ids(buffer.take(0, 3, 1, 9, 4))).containsExactly("just fresh", "plain", "new");
        assertThat(buffer.droppedPerPhase(1)).containsExactly(1L);
        assertThat(buffer.status().droppedByReason()).isEqualTo(Map.of("stale", 1L));
    }

    @Test
    void aNegativeLimitMeansThatNothingIsStale() {
        ingest(Groups.sampled("old", 0, 0));

        assertThat(Groups.ids(buffer.take(0, 1, 1, 1_000_000, NO_LIMIT))).containsExactly("old");
    }

    @Test
    void whenThereAreTooFewNothingIsUsed() {
        ingest(Groups.sampled("a", 0, 0), Groups.sampled("b", 0, 0), Groups.sampled("other phase", 1, 0));

        assertThat(buffer.take(0, 3, 1, 0, 0)).isEmpty();
        assertThat(buffer.usable(0)).isEqualTo(2);
        ingest(Groups.sampled("c", 0, 0));
        assertThat(Groups.ids(buffer.take(0, 3, 1, 0, 0))).containsExactly("a", "b", "c");
    }

    @Test
    void afterARewindTheSameGroupsAreTakenInTheSameOrder() {
        for (int i = 0; i < 40; i++) {
            ingest(Groups.sampled("g" + i, i % 2, i / 10));
        }
        buffer.take(0, 4, 1, 0, 1);
        BufferStatus atCheckpoint = buffer.status();
        List<ScoredGroup> second = buffer.take(0, 4, 2, 1, 1);
        List<ScoredGroup> third = buffer.take(1, 4, 3, 1, 1);
        reopen();

        assertThat(buffer.rewindTo(1)).isEqualTo(8);
        assertThat(buffer.status()).isEqualTo(atCheckpoint);
        assertThat(buffer.rewindTo(1)).isZero();
        reopen();
        assertThat(buffer.rewindTo(1)).isZero();
        assertThat(buffer.status()).isEqualTo(atCheckpoint);
        assertThat(buffer.take(0, 4, 2, 1, 1)).isEqualTo(second);
        assertThat(buffer.take(1, 4, 3, 1, 1)).isEqualTo(third);
        assertThat(buffer.rewindTo(3)).isZero();
    }

    @Test
    void aPhaseThatIsOverLeavesNothingUsable() {
        for (int i = 0; i < 30; i++) {
            ingest(Groups.sampled("g" + i, i % 2, 0));
        }
        buffer.take(0, 5, 1, 0, 0);

        assertThat(buffer.dropPhase(0, "phase over")).isEqualTo(10);
        assertThat(buffer.dropPhase(0, "phase over")).isZero();
        assertThat(buffer.usable(0)).isZero();
        assertThat(buffer.usable(1)).isEqualTo(15);
        assertThat(buffer.usedPerPhase(2)).containsExactly(5L, 0L);
        assertThat(buffer.droppedPerPhase(2)).containsExactly(10L, 0L);
        assertThat(buffer.rewindTo(0)).isEqualTo(5);
        assertThat(buffer.take(0, 5, 1, 0, 0)).hasSize(5);
    }

    @Test
    void bodiesThatNoCheckpointNeedsAreDeletedAndThereIsNoWayBackBehindThem() {
        for (int i = 0; i < 6; i++) {
            ingest(Groups.sampled("g" + i, 0, 0));
        }
        long everything = buffer.status().bodyBytes();
        for (int step = 1; step <= 3; step++) {
            buffer.take(0, 2, step, 0, 0);
        }

        assertThat(buffer.forgetUsedUpTo(2)).isEqualTo(4);
        assertThat(buffer.forgetUsedUpTo(2)).isZero();
        assertThat(buffer.status().forgotten()).isEqualTo(4);
        assertThat(buffer.status().bodyBytes()).isEqualTo(everything / 3);
        assertThat(audit()).containsEntry("g0", "USED 1").containsEntry("g5", "USED 3");
        assertThatThrownBy(() -> buffer.rewindTo(1))
                .isInstanceOf(ForetellException.class)
                .hasMessageStartingWith("the buffer cannot go back to step 1: the groups used up to step 2 are deleted")
                .extracting(e -> ((ForetellException) e).code())
                .isEqualTo(ErrorCode.CONFLICT);
        assertThat(buffer.rewindTo(2)).isEqualTo(2);
        buffer.sync();
        reopen();
        assertThat(buffer.take(0, 2, 3, 0, 0)).hasSize(2);
        assertThat(buffer.usedPerPhase(1)).containsExactly(6L);
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
