package io.foretell.buffer;

import io.foretell.domain.ScoredGroup;
import io.foretell.platform.ForetellException;
import io.foretell.platform.RocksStore;
import io.foretell.streams.Codec;
import io.foretell.streams.GroupReader.Received;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

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
 * <p>{@code BufferIngest} decides what comes in, {@code BatchTaker} what a step takes, {@code BufferRetention} what comes back and
 * what goes; each fills a {@code BufferChange}, which is written here as one.
 *
 * <p>Confined to the learner's thread, except {@link #status()} and {@link #sync()}, which are thread-safe.
 */
public final class ExperienceBuffer implements AutoCloseable {
    private final RocksStore store;
    private final PendingBundles waiting;
    private final BufferIngest intake;
    private final BatchTaker taker;
    private final BufferRetention retention;
    private final boolean filterGroups;
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
        this.filterGroups = filterGroups;
        StoredGroups stored = new StoredGroups(store);
        Reservoir reservoir = new Reservoir(store, stored, settings.isReplaying() ? settings.replayGroups() : 0, seed);
        this.waiting = new PendingBundles(store, codec);
        this.waitingFamilies = waiting.size();
        this.intake = new BufferIngest(codec, unreadable, stored, waiting);
        this.taker = new BatchTaker(codec, stored, reservoir, settings, seed);
        this.retention = new BufferRetention(stored, reservoir, settings.maxBytes());
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
        RocksStore store = RocksStore.open(dir, BufferKeys.FAMILIES);
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
    public IngestResult ingest(List<Received> records, Function<List<ScoredGroup>, String> refusal) {
        if (records.isEmpty()) {
            return IngestResult.NOTHING;
        }
        IngestResult result = inOneWrite(change -> intake.ingest(change, records, refusal));
        boolean hasMore = true;
        while (hasMore && retention.isTooLarge(counters)) {
            hasMore = inOneWrite(retention::evict);
        }
        return result;
    }

    private String refusal(List<ScoredGroup> family) {
        return AdmissionPolicy.refusal(family, filterGroups);
    }

    /** Whether any group awaits others. */
    public boolean isWaiting() {
        return waiting.size() > 0;
    }

    /** The task {@code id} will never be answered: a group that awaits its answer goes on without. */
    public void lose(String id, Function<List<ScoredGroup>, String> refusal) {
        inOneWrite(change -> intake.lose(change, id, refusal));
    }

    /** Groups that have awaited others for {@code patience}, counted from the first call that saw them, go on without. */
    public void giveUpWaiting(long nowNanos, Duration patience, Function<List<ScoredGroup>, String> refusal) {
        inOneWrite(change -> intake.giveUpWaiting(change, nowNanos, patience, refusal));
    }

    /**
     * Usable groups of a phase, marked as used at {@code step} in one write.
     *
     * @param currentVersion version of the weights that will train on them
     * @param maxOffPolicySteps groups whose oldest version is more than this behind are dropped on the way; negative
     *     for no limit. A group in which nothing was sampled is never stale.
     * @return {@code count} groups, the oldest unless {@code buffer.sampling} says otherwise, each followed by those it
     *     awaited; or none, marking none, when there are fewer
     */
    public List<ScoredGroup> take(int phase, int count, long step, long currentVersion, int maxOffPolicySteps) {
        return take(new BatchTaker.Wanted(phase, count, step, currentVersion, maxOffPolicySteps, group -> ""));
    }

    /** As {@link #take(int, int, long, long, int)}. */
    public List<ScoredGroup> take(BatchTaker.Wanted wanted) {
        return inOneWrite(change -> taker.take(change, wanted));
    }

    /**
     * Makes every group used after {@code step} usable again, in one write. Repeating it changes nothing.
     *
     * @return how many groups were given back
     * @throws ForetellException CONFLICT when bodies of such groups are forgotten
     */
    public int rewindTo(long step) {
        return inOneWrite(change -> retention.rewindTo(change, step));
    }

    /** Drops the usable groups of a phase that is over; returns how many. */
    public int dropPhase(int phase, String reason) {
        int dropped = inOneWrite(change -> intake.refuseWaiting(change, phase, reason));
        while (true) {
            int more = inOneWrite(change -> retention.dropUsable(change, phase, reason));
            if (more == 0) {
                return dropped;
            }
            dropped += more;
        }
    }

    /**
     * Deletes the bodies, not the states, of groups used at {@code step} or before: the step of the oldest checkpoint
     * that can still be loaded. There is no way back behind it.
     *
     * @return how many were deleted
     */
    public int forgetUsedUpTo(long step) {
        return inOneWrite(change -> retention.forgetUsedUpTo(change, step));
    }

    /**
     * Groups that were trained on long ago, to be trained on again at {@code step} beside {@code fresh} new ones; fewer
     * than {@code buffer.replay_share} asks for while the reservoir fills. Their marks stay as they are.
     */
    public List<ScoredGroup> replay(int fresh, long step) {
        return taker.replay(fresh, step, counters.offered());
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

    /**
     * The one place where the buffer changes: groups, the positions behind them, marks and counters go to the store
     * together or not at all, and what is known of them in memory follows.
     *
     * @param moves fills the change; when it throws, nothing is written
     */
    private <T> T inOneWrite(Function<BufferChange, T> moves) {
        BufferChange change = new BufferChange(counters);
        T result;
        try {
            result = moves.apply(change);
            if (!change.isEmpty()) {
                store.write(change::writeTo);
            }
        } catch (RuntimeException e) {
            waiting.revert();
            throw e;
        }
        if (!change.isEmpty()) {
            counters = change.after();
            positions.putAll(change.positions());
            waiting.written();
            waitingFamilies = waiting.size();
        }
        return result;
    }

    private List<Long> perPhase(int phases, ToLongFunction<BufferCounters.Phase> figure) {
        BufferCounters now = counters;
        return IntStream.range(0, phases)
                .mapToObj(phase -> figure.applyAsLong(now.phase(phase)))
                .toList();
    }
}
