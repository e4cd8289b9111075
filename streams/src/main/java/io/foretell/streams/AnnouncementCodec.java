package io.foretell.streams;

import io.foretell.domain.LearnerProgress;
import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.PublishedWeights;
import java.util.List;
import java.util.Map;

/** Announcements as plain JSON with flat keys, so that other programs can follow the weights. Thread-safe. */
final class AnnouncementCodec implements Codec<PolicyAnnouncement> {
    private static final Codec<Flat> FLAT = new RecordCodec<>(
            WireMappers.json(), Flat.class, "policy version", 1, flat -> Map.of(), flat -> {}, flat -> flat);

    /** The keys on the topic. */
    private record Flat(
            String run,
            long version,
            String location,
            Map<String, String> files,
            long step,
            int phase,
            List<Long> groupsUsed,
            List<Long> groupsDropped) {}

    @Override
    public byte[] encode(PolicyAnnouncement value) {
        PublishedWeights weights = value.weights();
        LearnerProgress progress = value.progress();
        return FLAT.encode(new Flat(
                weights.run(),
                weights.version(),
                weights.location(),
                weights.files(),
                progress.step(),
                progress.phase(),
                progress.groupsUsed(),
                progress.groupsDropped()));
    }

    @Override
    public PolicyAnnouncement decode(byte[] bytes) {
        Flat flat = FLAT.decode(bytes);
        try {
            return new PolicyAnnouncement(
                    new PublishedWeights(flat.run(), flat.version(), flat.location(), flat.files()),
                    new LearnerProgress(flat.step(), flat.phase(), flat.groupsUsed(), flat.groupsDropped()));
        } catch (NullPointerException e) { // an element of a list or map is null
            throw new UnreadableRecordException(bytes.length + " bytes are not a policy version: a value is null", e);
        }
    }
}
