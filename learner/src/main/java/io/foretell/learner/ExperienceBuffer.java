package io.foretell.learner;

import io.foretell.learner.BufferChange.Stored;
import io.foretell.learner.GroupState.Used;
import io.foretell.objectives.ScoredGroup;
import io.foretell.objectives.Task;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.RocksStore;
import io.foretell.streams.Codec;
import io.foretell.streams.GroupReader.Received;
import io.foretell.streams.UnreadableRecordException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Scored groups between Kafka and the steps that train on them, and the memory of which step used which.
 *
 * <p>The protocol that keeps a group from being trained on twice, or never, in the history of the surviving weights:
 *
 * <ol>
 *   <li>{@link #ingest} stores groups and the Kafka positions behind them in one write; reading goes on at
 *       {@link #positions()}. What is delivered again is recognised by its id, for ever. Groups that await others are
 *       stored too, and become usable as one with them.
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
    private static final int GROUPS_PER_EVICTION = 64;

    private final RocksStore store;
    private final StoredGroups stored;
    private final WaitingFamilies waiting;
    private final Codec<ScoredGroup> codec;
    private final BiConsumer<Received, String> unreadable;
    private final boolean filterGroups;
    private final BufferSettings settings;
    private final long seed;
    private final Reservoir reservoir;
    private final SortedMap<Integer, Long> positions = new TreeMap<>();
    private volatile BufferCounters counters;
    private volatile int waitingFamilies;

    private ExperienceBuffer(
            RocksStore store,
            Codec<ScoredGroup> codec,
            BiConsumer<Received, String> unreadable,
            boolean filterGroups,
            BufferSettings settings,
            long seed) {
        this.store = store;
        this.stored = new StoredGroups(store);
        this.waiting = new WaitingFamilies(store, codec);
        this.waitingFamilies = waiting.size();
        this.codec = codec;
        this.unreadable = unreadable;
        this.filterGroups = filterGroups;
        this.settings = settings;
        this.seed = seed;
        this.reservoir = new Reservoir(store, stored, settings.isReplaying() ? settings.replayGroups() : 0, seed);
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
        return open(dir, codec, unreadable, false, BufferSettings.DEFAULT, 0);
    }

    /**
     * As {@link #open(Path, Codec, BiConsumer)}.
     *
     * @param filterGroups whether groups that come in and whose rewards are all equal are dropped, for others to take
     *     their place
     * @param seed of what is drawn at random
     */
    public static ExperienceBuffer open(
            Path dir,
            Codec<ScoredGroup> codec,
            BiConsumer<Received, String> unreadable,
            boolean filterGroups,
            BufferSettings settings,
            long seed) {
        RocksStore store = RocksStore.open(
                dir,
                List.of(
                        BufferKeys.GROUPS,
                        BufferKeys.STATES,
                        BufferKeys.USABLE,
                        BufferKeys.USED,
                        BufferKeys.REPLAY,
                        BufferKeys.WAITING,
                        BufferKeys.META));
        try {
            return new ExperienceBuffer(store, codec, unreadable, filterGroups, settings, seed);
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
     * with rollouts but fewer than two rewards has no advantage, and is dropped. A group that awaits others waits for them
     * here, and they for it; once all are there they are one.
     *
     * @param records in the order of each partition; the position becomes that behind the last one, also when that is
     *     lower than before, because then Kafka's end was
     */
    public IngestResult ingest(List<Received> records) {
        return ingest(records, this::refusal);
    }

    /**
     * Like {@link #ingest(List)} with a rule of one's own.
     *
     * @param refusal why a group, with those it awaited behind it, is dropped; or empty
     */
    IngestResult ingest(List<Received> records, Function<List<ScoredGroup>, String> refusal) {
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
        makeRoom();
        return result;
    }

    private String refusal(List<ScoredGroup> family) {
        return Admission.refusal(family, filterGroups);
    }

    /** Whether any group awaits others. */
    boolean isWaiting() {
        return waiting.size() > 0;
    }

    /** The task {@code id} will never be answered: a group that awaits its answer goes on without. */
    void lose(String id, Function<List<ScoredGroup>, String> refusal) {
        BufferChange change = new BufferChange(counters);
        waiting.lose(change, id).ifPresent(family -> join(change, family, refusal));
        apply(change);
    }

    /** Groups that have awaited others for {@code patience}, counted from the first call that saw them, go on without. */
    void giveUpWaiting(long nowNanos, Duration patience, Function<List<ScoredGroup>, String> refusal) {
        BufferChange change = new BufferChange(counters);
        waiting.giveUp(change, nowNanos, patience).forEach(family -> join(change, family, refusal));
        apply(change);
    }

    /**
     * Usable groups of a phase, marked as used at {@code step} in one write.
     *
     * @param currentVersion version of the weights that will train on them
     * @param maxOffPolicySteps groups whose oldest version is more than this behind are dropped on the way; negative
     *     for no limit. A group in which nothing was sampled is never stale.
     * @return {@code count} groups, the oldest unless {@code buffer.sampling} says otherwise, each followed by those it awaited; or
     *     none, marking none, when there are fewer
     */
    public List<ScoredGroup> take(int phase, int count, long step, long currentVersion, int maxOffPolicySteps) {
        return take(phase, count, step, currentVersion, maxOffPolicySteps, group -> "");
    }

    /**
     * As {@link #take(int, int, long, long, int)}.
     *
     * @param refusal why a group that is not stale is dropped all the same, or empty
     */
    List<ScoredGroup> take(
            int phase,
            int count,
            long step,
            long currentVersion,
            int maxOffPolicySteps,
            Function<ScoredGroup, String> refusal) {
        BufferCounters before = counters;
        if (count < 1 || step <= before.forgottenUpTo()) {
            throw new IllegalArgumentException("cannot take " + count + " groups for step " + step
                    + ": bodies up to step " + before.forgottenUpTo() + " are forgotten");
        }
        BufferChange change = new BufferChange(before);
        List<Stored> chosen = new ArrayList<>();
        List<ScoredGroup> taken = new ArrayList<>();
        Selection selection = new Selection(
                stored,
                settings.sampling(),
                phase,
                before.phase(phase).firstUsable(),
                before.nextSequence(),
                new SplittableRandom(seed * 31 + step));
        while (chosen.size() < count) {
            List<Stored> found = selection.next(count - chosen.size());
            if (found.isEmpty()) {
                break;
            }
            List<Stored> fresh = withoutStale(change, found, currentVersion, maxOffPolicySteps);
            decode(change, fresh, refusal, chosen, taken);
        }
        boolean enough = chosen.size() == count;
        if (enough) {
            chosen.forEach(group -> change.use(group, step));
        }
        LongStream left = enough
                ? LongStream.empty()
                : chosen.stream().mapToLong(group -> group.state().sequence());
        change.firstUsable(phase, Math.min(left.min().orElse(Long.MAX_VALUE), selection.firstUsable()));
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
        BufferChange incomplete = new BufferChange(counters);
        List<String> waited = waiting.dropPhase(incomplete, phase);
        waited.forEach(id -> incomplete.refuse(id, phase, -1, reason));
        apply(incomplete);
        int dropped = waited.size();
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
        reservoir.offer(change, used);
        change.forgottenUpTo(step);
        apply(change);
        return used.size();
    }

    /**
     * Groups that were trained on long ago, to be trained on again at {@code step} beside {@code fresh} new ones; fewer
     * than {@code buffer.replay_share} asks for while the reservoir fills. Their marks stay as they are.
     */
    public List<ScoredGroup> replay(int fresh, long step) {
        if (!settings.isReplaying()) {
            return List.of();
        }
        List<Stored> drawn = reservoir.draw(settings.replayed(fresh), step, counters.offered());
        return stored.bodies(drawn).stream()
                .flatMap(body -> FamilyBody.decode(codec, body).stream())
                .toList();
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
        return BufferStatus.of(counters, waitingFamilies);
    }

    /**
     * Tells every group ever stored and its state: USABLE, USED step, DROPPED reason, or WAITING for others. Groups that
     * others await share their fate and are not told.
     */
    public void audit(BiConsumer<String, String> visitor) {
        waiting.parents().forEach(id -> visitor.accept(id, "WAITING"));
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
            Function<List<ScoredGroup>, String> refusal) {
        Set<String> known = stored.known(
                groups.stream().map(group -> familyOf(group.id())).distinct().toList());
        int usable = 0;
        int dropped = 0;
        int duplicates = 0;
        for (int i = 0; i < groups.size(); i++) {
            ScoredGroup group = groups.get(i);
            String family = familyOf(group.id());
            if (known.contains(family) || waiting.has(group.id())) {
                change.duplicate();
                duplicates++;
                continue;
            }
            boolean isAlone = family.equals(group.id()) && group.awaits().isEmpty();
            if (isAlone || waiting.add(change, group, bodies.get(i)).isPresent()) {
                known.add(family);
                boolean isUsable =
                        isAlone ? admit(change, List.of(group), bodies.get(i), refusal) : join(change, family, refusal);
                usable += isUsable ? 1 : 0;
                dropped += isUsable ? 0 : 1;
            }
        }
        return new IngestResult(usable, dropped, duplicates, unreadableRecords);
    }

    /** The id of the group that a group is trained on with: its parent's, or its own. */
    private static String familyOf(String id) {
        return Task.parentOf(id).orElse(id);
    }

    /** A family that waited is one group from now on. @return whether it is usable */
    private boolean join(BufferChange change, String family, Function<List<ScoredGroup>, String> refusal) {
        byte[] body = FamilyBody.of(waiting.remove(change, family));
        return admit(change, FamilyBody.decode(codec, body), body, refusal);
    }

    private static boolean admit(
            BufferChange change, List<ScoredGroup> family, byte[] body, Function<List<ScoredGroup>, String> refusal) {
        ScoredGroup first = family.get(0);
        String reason = refusal.apply(family);
        long oldest = Admission.oldestVersion(family);
        if (reason.isEmpty()) {
            change.store(first.id(), first.task().phase(), oldest, body);
        } else {
            change.refuse(first.id(), first.task().phase(), oldest, reason);
        }
        return reason.isEmpty();
    }

    /** Drops the oldest usable groups while there are more bytes than allowed; what checkpoints may need stays. */
    private void makeRoom() {
        while (counters.bodyBytes() > settings.maxBytes()) {
            List<Stored> oldest = counters.phases().keySet().stream()
                    .map(phase -> stored.usable(phase, counters.phase(phase).firstUsable(), GROUPS_PER_EVICTION))
                    .filter(found -> !found.isEmpty())
                    .min(Comparator.comparingLong(found -> found.get(0).state().sequence()))
                    .orElse(List.of());
            if (oldest.isEmpty()) {
                log.warn(
                        "the buffer has {} bytes and may have {}, but checkpoints or replay need them all: lower"
                                + " ckpt.interval or buffer.replay_groups, or raise buffer.max_bytes",
                        counters.bodyBytes(),
                        settings.maxBytes());
                return;
            }
            BufferChange change = new BufferChange(counters);
            for (Stored group : oldest) {
                if (change.after().bodyBytes() > settings.maxBytes()) {
                    change.drop(group, "evicted: the buffer had more than " + settings.maxBytes() + " bytes");
                }
            }
            apply(change);
            log.warn(
                    "{} groups are evicted in all, to keep the buffer below {} bytes",
                    counters.droppedByReason().getOrDefault("evicted", 0L),
                    settings.maxBytes());
        }
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
    private void decode(
            BufferChange change,
            List<Stored> fresh,
            Function<ScoredGroup, String> refusal,
            List<Stored> chosen,
            List<ScoredGroup> taken) {
        List<byte[]> bodies = stored.bodies(fresh);
        for (int i = 0; i < fresh.size(); i++) {
            Stored group = fresh.get(i);
            try {
                List<ScoredGroup> family = FamilyBody.decode(codec, bodies.get(i));
                String reason = family.stream()
                        .map(refusal)
                        .filter(refused -> !refused.isEmpty())
                        .findFirst()
                        .orElse("");
                if (reason.isEmpty()) {
                    taken.addAll(family);
                    chosen.add(group);
                } else {
                    change.drop(group, reason);
                }
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
        waiting.written();
        waitingFamilies = waiting.size();
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
