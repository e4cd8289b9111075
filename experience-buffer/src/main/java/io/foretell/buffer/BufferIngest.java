package io.foretell.buffer;

import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.streams.GroupReader.Received;
import io.foretell.streams.UnreadableRecordException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Function;

/**
 * Takes records into the buffer: decodes them, skips known groups, holds back groups that await children, and admits or
 * refuses every complete family. Confined to the buffer's thread.
 */
final class BufferIngest {
    /** A group with the bytes it came in. */
    private record Incoming(ScoredGroup group, byte[] body) {}

    private final BundleCodec bundles;
    private final BiConsumer<Received, String> unreadable;
    private final StoredGroups stored;
    private final PendingBundles waiting;

    /** @param unreadable is told of records that are no group, with the reason; when it throws, the change is void */
    BufferIngest(
            BundleCodec bundles, BiConsumer<Received, String> unreadable, StoredGroups stored, PendingBundles waiting) {
        this.bundles = bundles;
        this.unreadable = unreadable;
        this.stored = stored;
        this.waiting = waiting;
    }

    /**
     * Takes in records and the positions behind them.
     *
     * @param refusal why a group, with those it awaited behind it, is dropped; or empty
     */
    IngestResult ingest(BufferChange change, List<Received> records, Function<List<ScoredGroup>, String> refusal) {
        List<Incoming> incoming = new ArrayList<>();
        for (Received record : records) {
            change.position(record.partition(), record.offset() + 1);
            try {
                incoming.add(new Incoming(AdmissionPolicy.read(bundles.codec(), record.value()), record.value()));
            } catch (UnreadableRecordException e) {
                unreadable.accept(record, String.valueOf(e.getMessage()));
                change.unreadable();
            }
        }
        return add(change, incoming, records.size() - incoming.size(), refusal);
    }

    private IngestResult add(
            BufferChange change,
            List<Incoming> incoming,
            int unreadableRecords,
            Function<List<ScoredGroup>, String> refusal) {
        Set<String> known = stored.known(incoming.stream()
                .map(each -> familyOf(each.group().id()))
                .distinct()
                .toList());
        int usable = 0;
        int dropped = 0;
        int duplicates = 0;
        for (Incoming each : incoming) {
            ScoredGroup group = each.group();
            String family = familyOf(group.id());
            if (known.contains(family) || waiting.has(group.id())) {
                change.duplicate();
                duplicates++;
                continue;
            }
            boolean isAlone = family.equals(group.id()) && group.children().isEmpty();
            if (isAlone || waiting.add(change, group, each.body()).isPresent()) {
                known.add(family);
                boolean isUsable =
                        isAlone ? admit(change, List.of(group), each.body(), refusal) : join(change, family, refusal);
                usable += isUsable ? 1 : 0;
                dropped += isUsable ? 0 : 1;
            }
        }
        return new IngestResult(usable, dropped, duplicates, unreadableRecords);
    }

    /** Gives up the answer to the task {@code id}; returns the family that this completes. */
    Optional<String> lose(BufferChange change, String id, Function<List<ScoredGroup>, String> refusal) {
        if (stored.known(List.of(familyOf(id))).contains(familyOf(id))) {
            return Optional.empty(); // it is complete already
        }
        Optional<String> complete = waiting.lose(change, id);
        complete.ifPresent(family -> join(change, family, refusal));
        return complete;
    }

    /** Gives up answers awaited for {@code patience}; returns the families that this completes. */
    List<String> giveUpWaiting(
            BufferChange change, long nowNanos, Duration patience, Function<List<ScoredGroup>, String> refusal) {
        List<String> complete = waiting.giveUp(change, nowNanos, patience);
        complete.forEach(family -> join(change, family, refusal));
        return complete;
    }

    /** Refuses the families of a phase that still wait; returns how many. */
    int refuseWaiting(BufferChange change, int phase, String reason) {
        List<String> families = waiting.dropPhase(change, phase);
        families.forEach(id -> change.refuse(id, phase, -1, reason));
        return families.size();
    }

    /** The id of the group that a group is trained on with: its parent's, or its own. */
    private static String familyOf(String id) {
        return Task.parentOf(id).orElse(id);
    }

    /** A family that waited is one group from now on. @return whether it is usable */
    private boolean join(BufferChange change, String family, Function<List<ScoredGroup>, String> refusal) {
        BundleCodec.Family complete = bundles.complete(waiting.remove(change, family));
        return admit(change, complete.groups(), complete.body(), refusal);
    }

    private static boolean admit(
            BufferChange change, List<ScoredGroup> family, byte[] body, Function<List<ScoredGroup>, String> refusal) {
        ScoredGroup first = family.get(0);
        String reason = refusal.apply(family);
        long oldest = AdmissionPolicy.oldestVersion(family);
        if (reason.isEmpty()) {
            change.store(first.id(), first.task().phase(), oldest, body);
        } else {
            change.refuse(first.id(), first.task().phase(), oldest, reason);
        }
        return reason.isEmpty();
    }
}
