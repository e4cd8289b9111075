package io.foretell.streams;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.WeightAck;
import io.foretell.objectives.Objective;
import java.util.List;
import java.util.Map;

/**
 * The codecs of all internal topics. Readers accept a record's schema version and the one before. Groups of version 2 do
 * not say what they were sampled from: who trains on groups or rewards them reads with the run's objectives, which fill
 * that in. Thread-safe.
 */
public final class Codecs {
    private static final Codec<Task> TASK =
            new RecordCodec<>(WireMappers.cbor(), Task.class, "task", 1, Codecs::of, task -> {}, task -> task);
    private static final Codec<RolloutGroup> ROLLOUT_GROUP = rolloutGroup(OlderGroups.WITHOUT_CONTEXT);
    private static final Codec<ScoredGroup> SCORED_GROUP = scoredGroup(OlderGroups.WITHOUT_CONTEXT);
    private static final Codec<PolicyAnnouncement> ANNOUNCEMENT = new AnnouncementCodec();
    private static final Codec<WeightAck> POLICY_IN_USE = new RecordCodec<>(
            WireMappers.json(), WeightAck.class, "policy in use", 1, used -> Map.of(), used -> {}, used -> used);

    private Codecs() {}

    public static Codec<Task> task() {
        return TASK;
    }

    /** For writing, and for readers that do not need the context of groups of version 2. */
    public static Codec<RolloutGroup> rolloutGroup() {
        return ROLLOUT_GROUP;
    }

    /** @param phases the objective of each phase, by index */
    public static Codec<RolloutGroup> rolloutGroup(List<Objective> phases) {
        return rolloutGroup(new OlderGroups(phases));
    }

    private static Codec<RolloutGroup> rolloutGroup(OlderGroups older) {
        return new RecordCodec<>(
                WireMappers.cbor(),
                RolloutGroup.class,
                "rollout group",
                3,
                group -> of(group.task()),
                Codecs::withoutContext,
                older::completed);
    }

    /** For writing, and for readers that do not need the context of groups of version 2. */
    public static Codec<ScoredGroup> scoredGroup() {
        return SCORED_GROUP;
    }

    /** @param phases the objective of each phase, by index */
    public static Codec<ScoredGroup> scoredGroup(List<Objective> phases) {
        return scoredGroup(new OlderGroups(phases));
    }

    private static Codec<ScoredGroup> scoredGroup(OlderGroups older) {
        return new RecordCodec<>(
                WireMappers.cbor(),
                ScoredGroup.class,
                "scored group",
                3,
                group -> of(group.task()),
                Codecs::renameAwaits,
                older::completed);
    }

    /** Plain JSON, so that other programs can follow the weights. */
    public static Codec<PolicyAnnouncement> announcement() {
        return ANNOUNCEMENT;
    }

    public static Codec<WeightAck> policyInUse() {
        return POLICY_IN_USE;
    }

    /** In version 2 the children were called what the group awaits. */
    private static void renameAwaits(JsonNode scored) {
        withoutContext(scored.path("group"));
        if (scored instanceof ObjectNode fields && fields.has("awaits")) {
            fields.set("children", fields.remove("awaits"));
        }
    }

    private static void withoutContext(JsonNode group) {
        if (group instanceof ObjectNode fields) {
            fields.put("context", new byte[0]).put("forbidden_first", -1);
        }
    }

    private static Map<String, String> of(Task task) {
        return Map.of(DeadLetter.TASK_ID, task.id(), DeadLetter.PHASE, String.valueOf(task.phase()));
    }
}
