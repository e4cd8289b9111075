package io.foretell.streams;

import io.foretell.objectives.PolicyInUse;
import io.foretell.objectives.PolicyVersion;
import io.foretell.objectives.RolloutGroup;
import io.foretell.objectives.ScoredGroup;
import io.foretell.objectives.Task;
import java.util.Map;

/**
 * The codecs of all internal topics. Readers accept a record's schema version and the one before; a scored group of version
 * 1 does not say what it awaits. Thread-safe.
 */
public final class Codecs {
    private static final Codec<Task> TASK = new RecordCodec<>(WireMappers.cbor(), Task.class, "task", 1, Codecs::of);
    private static final Codec<RolloutGroup> ROLLOUT_GROUP =
            new RecordCodec<>(WireMappers.cbor(), RolloutGroup.class, "rollout group", 1, group -> of(group.task()));
    private static final Codec<ScoredGroup> SCORED_GROUP =
            new RecordCodec<>(WireMappers.cbor(), ScoredGroup.class, "scored group", 2, group -> of(group.task()));
    private static final Codec<PolicyVersion> POLICY_VERSION =
            new RecordCodec<>(WireMappers.json(), PolicyVersion.class, "policy version", 1, version -> Map.of());

    private static final Codec<PolicyInUse> POLICY_IN_USE =
            new RecordCodec<>(WireMappers.json(), PolicyInUse.class, "policy in use", 1, used -> Map.of());

    private Codecs() {}

    public static Codec<Task> task() {
        return TASK;
    }

    public static Codec<RolloutGroup> rolloutGroup() {
        return ROLLOUT_GROUP;
    }

    public static Codec<ScoredGroup> scoredGroup() {
        return SCORED_GROUP;
    }

    /** Plain JSON, so that other programs can follow the weights. */
    public static Codec<PolicyVersion> policyVersion() {
        return POLICY_VERSION;
    }

    public static Codec<PolicyInUse> policyInUse() {
        return POLICY_IN_USE;
    }

    private static Map<String, String> of(Task task) {
        return Map.of(DeadLetter.TASK_ID, task.id(), DeadLetter.PHASE, String.valueOf(task.phase()));
    }
}
