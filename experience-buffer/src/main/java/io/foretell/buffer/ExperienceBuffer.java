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
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/**
 * Stores scored groups between Kafka and training, and records which step used which group.
 *
 * <p>The protocol that trains on each group at most once in the history of the surviving weights, and loses none:
 *
 * <ol>
 *   <li>{@link #ingest} stores groups and their Kafka positions in one write; reading resumes at {@link #positions()}.
 *       Redelivered groups are recognised by id, forever. Groups that await others are stored too, and become usable
 *       together with them.
 *   <li>{@link #take} marks groups with the step that trains on them, in one write, before it returns them.
 *   <li>{@link #sync} runs before a checkpoint becomes visible: a power cut that the checkpoint survives must not lose
 *       the marks that its weights contain.
 *   <li>{@link #rewindTo} the step of the loaded checkpoint runs first after every start: groups used later become
 *       usable again, at their old place in the order.
 *   <li>{@link #forgetUsedUpTo} the oldest checkpoint's step deletes bodies that no restart can need.
 * </ol>
 *
 * <p>{@code BufferIngest} decides what is stored, {@code BatchTaker} what a step takes, {@code BufferRetention} what is
 * given back or deleted. Each fills a {@code BufferChange}, which this class writes atomically.
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
            long seed,
            UnaryOperator<List<ScoredGroup>> finalRewards) {
        this.store = store;
        this.filterGroups = filterGroups;
        StoredGroups stored = new StoredGroups(store);
        Reservoir reservoir = new Reservoir(store, stored, settings.isReplaying() ? settings.replayGroups() : 0, seed);
        BundleCodec bundles = new BundleCodec(codec, finalRewards);
        this.waiting = new PendingBundles(store, codec);
        this.waitingFamilies = waiting.size();
        this.intake = new BufferIngest(bundles, unreadable, stored, waiting);
        this.taker = new BatchTaker(bundles, stored, reservoir, settings, seed);
        this.retention = new BufferRetention(stored, reservoir, settings.maxBytes());
        byte[] figures = store.get(BufferKeys.META, BufferKeys.COUNTERS);
        this.counters = figures == null ? BufferCounters.NONE : BufferCounters.decode(figures);
        store.scan(BufferKeys.META, BufferKeys.firstPosition(), BufferKeys.endOfPositions(), (key, value) -> {
            positions.put(BufferKeys.partition(key), BufferKeys.offset(value));
            return true;
        });
    }

    /**
     * Opens the buffer in {@code dir}, or creates an empty one, that keeps groups whose rewards are all equal.
     *
     * @param unreadable receives each record that is not a group, and the reason, before the position moves past it;
     *     if it throws, nothing of that ingest is stored
     */
    public static ExperienceBuffer open(Path dir, Codec<ScoredGroup> codec, BiConsumer<Received, String> unreadable) {
        return open(dir, codec, unreadable, false, BufferSettings.DEFAULT, 0, UnaryOperator.identity());
    }

    /**
     * As {@link #open(Path, Codec, BiConsumer)}.
     *
     * @param filterGroups whether to drop arriving groups whose rewards are all equal, so that others replace them
     * @param seed seed of random draws
     * @param finalRewards computes the rewards of a family's parent that depend on its children, once the family is complete
     */
    public static ExperienceBuffer open(
            Path dir,
            Codec<ScoredGroup> codec,
            BiConsumer<Received, String> unreadable,
            boolean filterGroups,
            BufferSettings settings,
            long seed,
            UnaryOperator<List<ScoredGroup>> finalRewards) {
        RocksStore store = RocksStore.open(dir, BufferKeys.FAMILIES);
        try {
            return new ExperienceBuffer(store, codec, unreadable, filterGroups, settings, seed, finalRewards);
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
     * Stores the groups and their positions in one write. A duplicate group is only counted. A group that has rollouts
     * but fewer than two rewards has no advantage, and is dropped. A group that awaits others waits here for them, and
     * they for it; they become usable together.
     *
     * @param records in the order of each partition; the position becomes the one after the last record, even if that is
     *     lower than before, because then Kafka's log end was lower too
     */
    public IngestResult ingest(List<Received> records) {
        return ingest(records, this::refusal);
    }

    /**
     * Like {@link #ingest(List)}, with a caller's own rule.
     *
     * @param refusal why to drop a group and those it awaited; or empty
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

    /** Records that task {@code id} will never be answered: a group that awaits its answer stops waiting for it. */
    public void lose(String id, Function<List<ScoredGroup>, String> refusal) {
        inOneWrite(change -> intake.lose(change, id, refusal));
    }

    /** Stops the wait of groups that have awaited others for {@code patience}, counted from the first call that saw them. */
    public void giveUpWaiting(long nowNanos, Duration patience, Function<List<ScoredGroup>, String> refusal) {
        inOneWrite(change -> intake.giveUpWaiting(change, nowNanos, patience, refusal));
    }

    /**
     * Usable groups of a phase, marked as used at {@code step} in one write.
     *
     * @param currentVersion version of the weights that will train on them
     * @param maxOffPolicySteps drops groups whose oldest version is more than this behind; negative for no limit. A group
     *     without sampled tokens is never stale.
     * @return {@code count} groups, the oldest unless {@code buffer.sampling} says otherwise, each followed by those it
     *     awaited; if there are fewer, none, and none is marked
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
     * @return number of groups given back
     * @throws ForetellException CONFLICT if the bodies of such groups are already deleted
     */
    public int rewindTo(long step) {
        return inOneWrite(change -> retention.rewindTo(change, step));
    }

    /** Drops the usable groups of a finished phase; returns how many. */
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
     * that can still be loaded. The buffer cannot rewind to an earlier step afterwards.
     *
     * @return number of bodies deleted
     */
    public int forgetUsedUpTo(long step) {
        return inOneWrite(change -> retention.forgetUsedUpTo(change, step));
    }

    /**
     * Groups used long ago, to replay at {@code step} with {@code fresh} new ones; fewer than
     * {@code buffer.replay_share} asks for while the reservoir fills. Their marks do not change.
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
     * Reports every group ever stored and its state: USABLE, USED step, DROPPED reason, or WAITING for others. Groups that
     * others await share their fate and are not reported.
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
     * The only place where the buffer changes: groups, positions, marks and counters are written to the store
     * atomically, then the state in memory is updated.
     *
     * @param moves fills the change; if it throws, nothing is written
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
