package io.foretell.buffer;

import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.VersionRange;
import io.foretell.streams.Codecs;
import io.foretell.streams.GroupReader.Received;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Small scored groups for tests. */
public final class Groups {
    private Groups() {}

    /** A group of two rollouts, both rewarded, sampled by {@code version}. */
    public static ScoredGroup sampled(String id, int phase, long version) {
        return rewarded(id, phase, version, Reward.of(1, Map.of()), Reward.of(2, Map.of()));
    }

    /** A group without rollouts, as of next-token prediction. */
    public static ScoredGroup plain(String id, int phase) {
        return rewarded(id, phase, 0);
    }

    /** A group without rollouts that trains on {@code text}. */
    public static ScoredGroup text(String id, TokenArray text) {
        Task task = new Task(id, "test", 0, "ntp", "doc", TokenArray.EMPTY, text, 7, -1, Instant.EPOCH);
        RolloutGroup group =
                new RolloutGroup(task, TokenArray.EMPTY, -1, List.of(), "tokenizer", "policy", 0, Instant.EPOCH);
        return new ScoredGroup(group, List.of(), 0, 0, Instant.EPOCH);
    }

    public static ScoredGroup rewarded(String id, int phase, long version, Reward... rewards) {
        Task task =
                new Task(id, "test", phase, "rlp", "doc", TokenArray.of(1), TokenArray.of(2, 3), 7, -1, Instant.EPOCH);
        List<Rollout> rollouts = IntStream.range(0, rewards.length)
                .mapToObj(i -> rollout(i, version))
                .toList();
        RolloutGroup group =
                new RolloutGroup(task, TokenArray.of(1), -1, rollouts, "tokenizer", "policy", 0.1, Instant.EPOCH);
        return new ScoredGroup(group, Arrays.asList(rewards), version, 0.1, Instant.EPOCH);
    }

    private static Rollout rollout(int index, long version) {
        return new Rollout(
                index,
                1,
                TokenArray.of(4, 5),
                FloatArray.of(-1, -2),
                0,
                1,
                index,
                FinishReason.STOP,
                List.of(new VersionRange(version + 1, 1, 2), new VersionRange(version, 0, 1)));
    }

    public static Received at(int partition, long offset, ScoredGroup group) {
        return new Received(
                partition,
                offset,
                group.id().getBytes(StandardCharsets.UTF_8),
                Codecs.scoredGroup().encode(group));
    }

    public static Received garbage(int partition, long offset) {
        return new Received(partition, offset, new byte[0], new byte[] {1, 2, 3});
    }

    public static List<String> ids(List<ScoredGroup> groups) {
        return groups.stream().map(ScoredGroup::id).toList();
    }
}
