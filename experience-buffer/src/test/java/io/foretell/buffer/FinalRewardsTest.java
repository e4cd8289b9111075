package io.foretell.buffer;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.domain.Reward;
import io.foretell.domain.ScoredGroup;
import io.foretell.streams.Codecs;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A parent's rewards that depend on its children are computed once, when the family is complete. */
class FinalRewardsTest {
    private static final int NO_LIMIT = -1;

    @TempDir
    Path folder;

    private final AtomicInteger computed = new AtomicInteger();
    private final List<Integer> admitted = new ArrayList<>();
    private ExperienceBuffer buffer;

    @BeforeEach
    void open() {
        buffer = ExperienceBuffer.open(
                folder,
                Codecs.scoredGroup(),
                (record, reason) -> {
                    throw new AssertionError(reason);
                },
                false,
                BufferSettings.DEFAULT,
                0,
                this::plusTen);
    }

    @AfterEach
    void close() {
        buffer.close();
    }

    /** Adds 10 to every reward of the parent: applied twice, it shows. */
    private List<ScoredGroup> plusTen(List<ScoredGroup> family) {
        computed.incrementAndGet();
        List<ScoredGroup> settled = new ArrayList<>(family);
        settled.set(
                0,
                family.get(0)
                        .withRewards(family.get(0).rewards().stream()
                                .map(reward -> Reward.of(reward.total() + 10, Map.of()))
                                .toList()));
        return settled;
    }

    private String admit(List<ScoredGroup> family) {
        admitted.add((int) family.get(0).rewards().get(0).total());
        return "";
    }

    private static ScoredGroup parent() {
        return Groups.sampled("p", 0, 5).withChildren(List.of("p/0-a"));
    }

    private static List<Double> totals(ScoredGroup group) {
        return group.rewards().stream().map(Reward::total).toList();
    }

    @Test
    void admissionAndEveryTakeSeeTheSameFinalRewards() {
        buffer.ingest(List.of(Groups.at(0, 0, parent()), Groups.at(0, 1, Groups.sampled("p/0-a", 0, 4))), this::admit);

        assertThat(admitted).containsExactly(11);
        assertThat(totals(buffer.take(0, 1, 1, 5, NO_LIMIT).get(0))).containsExactly(11.0, 12.0);
        buffer.close();
        open();
        buffer.rewindTo(0);
        List<ScoredGroup> again = buffer.take(0, 1, 1, 5, NO_LIMIT);
        assertThat(totals(again.get(0))).containsExactly(11.0, 12.0);
        assertThat(totals(again.get(1))).as("a child keeps its own").containsExactly(1.0, 2.0);
        assertThat(computed).hasValue(1);
    }

    @Test
    void aParentWhoseChildIsLostHasFinalRewardsToo() {
        buffer.ingest(List.of(Groups.at(0, 0, parent())), this::admit);
        buffer.lose("p/0-a", this::admit);

        assertThat(admitted).containsExactly(11);
        assertThat(totals(buffer.take(0, 1, 1, 5, NO_LIMIT).get(0))).containsExactly(11.0, 12.0);
        assertThat(computed).hasValue(1);
    }

    @Test
    void aFamilyThatAnEarlierVersionStoredGetsThemWhenItIsRead() {
        byte[] first = Codecs.scoredGroup().encode(parent());
        byte[] second = Codecs.scoredGroup().encode(Groups.sampled("p/0-a", 0, 4));
        byte[] family = ByteBuffer.allocate(1 + 2 * Integer.BYTES + first.length + second.length)
                .put((byte) 'F')
                .putInt(first.length)
                .put(first)
                .putInt(second.length)
                .put(second)
                .array();
        UnaryOperator<List<ScoredGroup>> plusTen = this::plusTen;
        BundleCodec codec = new BundleCodec(Codecs.scoredGroup(), plusTen);

        assertThat(totals(codec.decode(family).get(0))).containsExactly(11.0, 12.0);
        assertThat(totals(codec.decode(first).get(0)))
                .as("alone, its child was lost")
                .containsExactly(11.0, 12.0);
        assertThat(totals(codec.decode(second).get(0))).containsExactly(1.0, 2.0);
    }
}
