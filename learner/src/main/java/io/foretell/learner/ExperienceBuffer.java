package io.foretell.learner;

import io.foretell.learner.BufferChange.Stored;
import io.foretell.learner.GroupState.Used;
import io.foretell.objectives.ScoredGroup;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.RocksStore;
import io.foretell.streams.Codec;
import io.foretell.streams.GroupReader.Received;
import io.foretell.streams.UnreadableRecordException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scored groups between Kafka and the steps that train on them, and the memory of which step used which.
 *
 * <p>The protocol that keeps a group from being trained on twice, or never, in the history of the surviving weights:
 *
 * <ol>
 *   <li>{@link #ingest} stores groups and the Kafka positions behind them in one write; reading goes on at
 *       {@link #positions()}. What is delivered again is recognised by its id, for ever.
 *   <li>{@link #take} marks groups with the step that trains on them, in one write, before it hands them out.
 *   <li>{@link #sync} comes before a checkpoint becomes visible: marks that the checkpoint's weights contain must not
 *       be lost in a power cut that the checkpoint survives.
 *   <li>{@link #rewindTo} the step of the loaded checkpoint comes first after every start: what was used later is
 *       usable again, at its old place in the order.
 *   <li>{@link #forgetUsedUpTo} the oldest checkpoint's step deletes bodies that no start can need.
 * </ol>
 *
 * <p>Confined to the learner's thread, except {@link #status()} and {@link #sync()}, which are thread-safe.
 */
public final class ExperienceBuffer implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ExperienceBuffer.class);
    private static final int GROUPS_PER_WRITE = 1000;

    private final RocksStore store;
    private final StoredGroups stored;
    private final Codec<ScoredGroup> codec;
    private final BiConsumer<Received, String> unreadable;
    private final boolean filterGroups;
    private final SortedMap<Integer, Long> positions = new TreeMap<>();
    private volatile BufferCounters counters;

    private ExperienceBuffer(
            RocksStore store, Codec<ScoredGroup> codec, BiConsumer<Received, String> unreadable, boolean filterGroups) {
        this.store = store;
        this.stored = new StoredGroups(store);
        this.codec = codec;
        this.unreadable = unreadable;
        this.filterGroups = filterGroups;
        byte[] figures = store.get(BufferKeys.META, BufferKeys.COUNTERS);
        this.counters = figures == null ? BufferCounters.NONE : BufferCounters.decode(figures);
        store.scan(BufferKeys.META, BufferKeys.firstPosition(), BufferKeys.endOfPositions(), (key, value) -> {
            positions.put(BufferKeys.partition(key), BufferKeys.offset(value));
            return true;
        });
    }

    /**
     * Opens the buffer in {@code dir}, or makes an empty one, that keeps groups whose rewards are all equal.
     *
     * @param unreadable is told of records that are no group, with the reason, before the position moves past them;
     *     when it throws, nothing of that ingest is stored
     */
    public static ExperienceBuffer open(Path dir, Codec<ScoredGroup> codec, BiConsumer<Received, String> unreadable) {
        return open(dir, codec, unreadable, false);
    }

    /**
     * As {@link #open(Path, Codec, BiConsumer)}.
     *
     * @param filterGroups whether groups that come in and whose rewards are all equal are dropped, for others to take
     *     their place
     */
    public static ExperienceBuffer open(
            Path dir, Codec<ScoredGroup> codec, BiConsumer<Received, String> unreadable, boolean filterGroups) {
        RocksStore store = RocksStore.open(
                dir,
                List.of(BufferKeys.GROUPS, BufferKeys.STATES, BufferKeys.USABLE, BufferKeys.USED, BufferKeys.META));
        try {
            return new ExperienceBuffer(store, codec, unreadable, filterGroups);
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /** Per partition, the offset of the first record not ingested yet; partitions never seen are missing. */
    public Map<Integer, Long> positions() {
        return new TreeMap<>(positions);
    }

    /**
     * Stores the groups and the positions behind them in one write. A group that was there before is only counted; one
     * with rollouts but fewer than two rewards has no advantage, and is dropped.
     *
     * @param records in the order of each partition; the position becomes that behind the last one, also when that is
     *     lower than before, because then Kafka's end was
     */
    public IngestResult ingest(List<Received> records) {
        return ingest(records, group -> Admission.refusal(group, filterGroups));
    }

    /**
     * Like {@link #ingest(List)} with a rule of one's own.
     *
     * @param refusal why a group is dropped, or empty
     */
    IngestResult ingest(List<Received> records, Function<ScoredGroup, String> refusal) {
        if (records.isEmpty()) {
            return IngestResult.NOTHING;
        }
        BufferChange change = new BufferChange(counters);
        Map<Integer, Long> next = new TreeMap<>();
        List<ScoredGroup> groups = new ArrayList<>();
        List<byte[]> bodies = new ArrayList<>();
        int unreadableRecords = 0;
        for (Received record : records) {
            next.put(record.partition(), record.offset() + 1);
            try {
                groups.add(Admission.read(codec, record.value()));
                bodies.add(record.value());
            } catch (UnreadableRecordException e) {
                unreadable.accept(record, String.valueOf(e.getMessage()));
                change.unreadable();
                unreadableRecords++;
            }
        }
        IngestResult result = addNew(change, groups, bodies, unreadableRecords, refusal);
        next.forEach(change::position);
        apply(change);
        positions.putAll(next);
        return result;
    }

    /**
     * The oldest usable groups of a phase, marked as used at {@code step} in one write.
     *
     * @param currentVersion version of the weights that will train on them
     * @param maxOffPolicySteps groups whose oldest version is more than this behind are dropped on the way; negative
     *     for no limit. A group in which nothing was sampled is never stale.
     * @return {@code count} groups in the order they came, or none, marking none, when there are fewer
     */
    public List<ScoredGroup> take(int phase, int count, long step, long currentVersion, int maxOffPolicySteps) {
        BufferCounters before = counters;
        if (count < 1 || step <= before.forgottenUpTo()) {
            throw new IllegalArgumentException("cannot take " + count + " groups for step " + step
                    + ": bodies up to step " + before.forgottenUpTo() + " are forgotten");
        }
        BufferChange change = new BufferChange(before);
        List<Stored> chosen = new ArrayList<>();
        List<ScoredGroup> taken = new ArrayList<>();
        long from = before.phase(phase).firstUsable();
        while (taken.size() < count) {
            List<Stored> found = stored.usable(phase, from, count - taken.size());
            if (found.isEmpty()) {
                break;
            }
            from = found.get(found.size() - 1).state().sequence() + 1;
            List<Stored> fresh = withoutStale(change, found, currentVersion, maxOffPolicySteps);
            decode(change, fresh, chosen, taken);
        }
        boolean enough = taken.size() == count;
        if (enough) {
            chosen.forEach(group -> change.use(group, step));
            change.firstUsable(phase, from);
        } else {
            change.firstUsable(
                    phase, chosen.isEmpty() ? from : chosen.get(0).state().sequence());
        }
        apply(change);
        return enough ? Collections.unmodifiableList(taken) : List.of();
    }

    /**
     * Makes every group used after {@code step} usable again, in one write. Repeating it changes nothing.
     *
     * @return how many groups were given back
     * @throws ForetellException CONFLICT when bodies of such groups are forgotten
     */
    public int rewindTo(long step) {
        if (step < counters.forgottenUpTo()) {
            throw new ForetellException(
                    ErrorCode.CONFLICT,
                    "the buffer cannot go back to step " + step + ": the groups used up to step "
                            + counters.forgottenUpTo() + " are deleted, as the checkpoints then kept did not need"
                            + " them; resume from a later checkpoint or start a new run");
        }
        BufferChange change = new BufferChange(counters);
        List<Stored> used = stored.used(step + 1, Long.MAX_VALUE);
        used.forEach(group -> change.giveBack(group, stepOf(group)));
        apply(change);
        return used.size();
    }

    /** Drops the usable groups of a phase that is over; returns how many. */
    public int dropPhase(int phase, String reason) {
        int dropped = 0;
        while (true) {
            BufferChange change = new BufferChange(counters);
            List<Stored> found = stored.usable(phase, counters.phase(phase).firstUsable(), GROUPS_PER_WRITE);
            if (found.isEmpty()) {
                return dropped;
            }
            found.forEach(group -> change.drop(group, reason));
            change.firstUsable(phase, found.get(found.size() - 1).state().sequence() + 1);
            apply(change);
            dropped += found.size();
        }
    }

    /**
     * Deletes the bodies, not the states, of groups used at {@code step} or before: the step of the oldest checkpoint
     * that can still be loaded. There is no way back behind it.
     *
     * @return how many were deleted
     */
    public int forgetUsedUpTo(long step) {
        if (step <= counters.forgottenUpTo()) {
            return 0;
        }
        BufferChange change = new BufferChange(counters);
        List<Stored> used = stored.used(counters.forgottenUpTo() + 1, step + 1);
        used.forEach(group -> change.forget(group, stepOf(group)));
        change.forgottenUpTo(step);
        apply(change);
        return used.size();
    }

    /** Returns when everything written so far would survive a power cut. Thread-safe. */
    public void sync() {
        store.sync();
    }

    public long usable(int phase) {
        return counters.phase(phase).usable();
    }

    /** Groups trained on in the surviving history, for phases 0 to {@code phases} - 1. */
    public List<Long> usedPerPhase(int phases) {
        return perPhase(phases, BufferCounters.Phase::used);
    }

    /** Groups that will never be trained on, for phases 0 to {@code phases} - 1. */
    public List<Long> droppedPerPhase(int phases) {
        return perPhase(phases, BufferCounters.Phase::dropped);
    }

    /** The figures after the latest write. Thread-safe. */
    public BufferStatus status() {
        return BufferStatus.of(counters);
    }

    /** Tells every group ever stored, in the order of ids, and its state: USABLE, USED step or DROPPED reason. */
    public void audit(BiConsumer<String, String> visitor) {
        store.scan(BufferKeys.STATES, null, null, (key, value) -> {
            String id = BufferKeys.id(key);
            visitor.accept(id, GroupState.decode(id, value).fate().toString());
            return true;
        });
    }

    @Override
    public void close() {
        store.close();
    }

    private IngestResult addNew(
            BufferChange change,
            List<ScoredGroup> groups,
            List<byte[]> bodies,
            int unreadableRecords,
            Function<ScoredGroup, String> refusal) {
        Set<String> known = stored.known(groups.stream().map(ScoredGroup::id).toList());
        int usable = 0;
        int dropped = 0;
        for (int i = 0; i < groups.size(); i++) {
            ScoredGroup group = groups.get(i);
            int phase = group.task().phase();
            String reason = refusal.apply(group);
            if (!known.add(group.id())) {
                change.duplicate();
            } else if (reason.isEmpty()) {
                change.store(group.id(), phase, Admission.oldestVersion(group), bodies.get(i));
                usable++;
            } else {
                change.refuse(group.id(), phase, Admission.oldestVersion(group), reason);
                dropped++;
            }
        }
        return new IngestResult(usable, dropped, groups.size() - usable - dropped, unreadableRecords);
    }

    private static List<Stored> withoutStale(
            BufferChange change, List<Stored> found, long currentVersion, int maxOffPolicySteps) {
        List<Stored> fresh = new ArrayList<>();
        for (Stored group : found) {
            long oldest = group.state().oldestVersion();
            if (maxOffPolicySteps >= 0 && oldest >= 0 && oldest < currentVersion - maxOffPolicySteps) {
                change.drop(group, "stale");
            } else {
                fresh.add(group);
            }
        }
        return fresh;
    }

    /* A body that was readable when it came can be unreadable to a program two schema versions later. */
    private void decode(BufferChange change, List<Stored> fresh, List<Stored> chosen, List<ScoredGroup> taken) {
        List<byte[]> bodies = stored.bodies(fresh);
        for (int i = 0; i < fresh.size(); i++) {
            Stored group = fresh.get(i);
            try {
                taken.add(codec.decode(bodies.get(i)));
                chosen.add(group);
            } catch (UnreadableRecordException e) {
                log.error("a stored group is dropped groupId={} reason={}", group.id(), e.getMessage());
                change.drop(group, "unreadable: " + e.getMessage());
            }
        }
    }

    private void apply(BufferChange change) {
        BufferCounters after = change.after();
        if (change.isEmpty() && after.equals(counters)) {
            return;
        }
        store.write(change::writeTo);
        counters = after;
    }

    private static long stepOf(Stored group) {
        if (group.state().fate() instanceof Used used) {
            return used.step();
        }
        throw new ForetellException(
                ErrorCode.CORRUPT,
                "the buffer lists group " + group.id() + " as used but its state is "
                        + group.state().fate());
    }

    private List<Long> perPhase(int phases, ToLongFunction<BufferCounters.Phase> figure) {
        BufferCounters now = counters;
        return IntStream.range(0, phases)
                .mapToObj(phase -> figure.applyAsLong(now.phase(phase)))
                .toList();
    }
}
