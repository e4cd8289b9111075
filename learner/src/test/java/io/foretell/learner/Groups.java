package io.foretell.learner;

import io.foretell.objectives.FinishReason;
import io.foretell.objectives.FloatArray;
import io.foretell.objectives.Reward;
import io.foretell.objectives.Rollout;
import io.foretell.objectives.RolloutGroup;
import io.foretell.objectives.ScoredGroup;
import io.foretell.objectives.Task;
import io.foretell.objectives.TokenArray;
import io.foretell.objectives.VersionSpan;
import io.foretell.streams.Codecs;
import io.foretell.streams.GroupReader.Received;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** Small scored groups for tests. */
final class Groups {
    private Groups() {}

    /** A group of two rollouts, both rewarded, sampled by {@code version}. */
    static ScoredGroup sampled(String id, int phase, long version) {
        return rewarded(id, phase, version, Reward.of(1, Map.of()), Reward.of(2, Map.of()));
    }

    /** A group without rollouts, as of next-token prediction. */
    static ScoredGroup plain(String id, int phase) {
        return rewarded(id, phase, 0);
    }

    /** A group without rollouts that trains on {@code text}. */
    static ScoredGroup text(String id, TokenArray text) {
        Task task = new Task(id, "test", 0, "ntp", "doc", TokenArray.EMPTY, text, 7, -1, Instant.EPOCH);
        RolloutGroup group = new RolloutGroup(task, List.of(), "tokenizer", "policy", 0, Instant.EPOCH);
        return new ScoredGroup(group, List.of(), 0, 0, Instant.EPOCH);
    }

    static ScoredGroup rewarded(String id, int phase, long version, Reward... rewards) {
        Task task =
                new Task(id, "test", phase, "rlp", "doc", TokenArray.of(1), TokenArray.of(2, 3), 7, -1, Instant.EPOCH);
        List<Rollout> rollouts = IntStream.range(0, rewards.length)
                .mapToObj(i -> rollout(i, version))
                .toList();
        RolloutGroup group = new RolloutGroup(task, rollouts, "tokenizer", "policy", 0.1, Instant.EPOCH);
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
                List.of(new VersionSpan(version + 1, 1, 2), new VersionSpan(version, 0, 1)));
    }

    static Received at(int partition, long offset, ScoredGroup group) {
        return new Received(
                partition,
                offset,
                group.id().getBytes(StandardCharsets.UTF_8),
                Codecs.scoredGroup().encode(group));
    }

    static Received garbage(int partition, long offset) {
        return new Received(partition, offset, new byte[0], new byte[] {1, 2, 3});
    }

    static List<String> ids(List<ScoredGroup> groups) {
        return groups.stream().map(ScoredGroup::id).toList();
    }
}
