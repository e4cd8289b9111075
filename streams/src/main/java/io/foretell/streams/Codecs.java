package io.foretell.streams;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.Origin;
import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.WeightAck;
import java.util.Map;

/**
 * The codecs of all internal topics. Readers accept a record's schema version and the one before; groups of version 1
 * do not say where rollouts come from, nor what they await. Thread-safe.
 */
public final class Codecs {
    private static final Codec<Task> TASK =
            new RecordCodec<>(WireMappers.cbor(), Task.class, "task", 1, Codecs::of, task -> {});
    private static final Codec<RolloutGroup> ROLLOUT_GROUP = new RecordCodec<>(
            WireMappers.cbor(), RolloutGroup.class, "rollout group", 2, group -> of(group.task()), Codecs::addOrigins);
    private static final Codec<ScoredGroup> SCORED_GROUP = new RecordCodec<>(
            WireMappers.cbor(), ScoredGroup.class, "scored group", 2, group -> of(group.task()), Codecs::addAwaits);
    private static final Codec<PolicyAnnouncement> ANNOUNCEMENT = new AnnouncementCodec();
    private static final Codec<WeightAck> POLICY_IN_USE =
            new RecordCodec<>(WireMappers.json(), WeightAck.class, "policy in use", 1, used -> Map.of(), used -> {});

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
    public static Codec<PolicyAnnouncement> announcement() {
        return ANNOUNCEMENT;
    }

    public static Codec<WeightAck> policyInUse() {
        return POLICY_IN_USE;
    }

    /** In version 1 no group awaited others. */
    private static void addAwaits(JsonNode scored) {
        addOrigins(scored.path("group"));
        if (scored instanceof ObjectNode fields) {
            fields.putArray("awaits");
        }
    }

    /** In version 1 every rollout was sampled. */
    private static void addOrigins(JsonNode group) {
        for (JsonNode rollout : group.path("rollouts")) {
            if (rollout instanceof ObjectNode fields) {
                fields.put("origin", Origin.SAMPLED.name());
            }
        }
    }

    private static Map<String, String> of(Task task) {
        return Map.of(DeadLetter.TASK_ID, task.id(), DeadLetter.PHASE, String.valueOf(task.phase()));
    }
}
