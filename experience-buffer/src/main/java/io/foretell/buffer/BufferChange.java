package io.foretell.buffer;

import io.foretell.buffer.GroupState.Dropped;
import io.foretell.buffer.GroupState.Usable;
import io.foretell.buffer.GroupState.Used;
import io.foretell.platform.RocksStore.Batch;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * What one atomic write changes, entries and counters together. Confined to the call that makes it.
 *
 * <p>Every method names one move of a group between its fates, and keeps the families and the counters in step.
 */
final class BufferChange {
    /** A group in the buffer. */
    record Stored(String id, GroupState state) {}

    private static final int REASON_CHARACTERS = 500;

    private final BufferCounters before;
    private final List<Consumer<Batch>> writes = new ArrayList<>();
    private final SortedMap<Integer, Long> positions = new TreeMap<>();
    private final SortedMap<Integer, BufferCounters.Phase> phases;
    private final SortedMap<String, Long> droppedByReason;
    private long nextSequence;
    private long forgottenUpTo;
    private long duplicates;
    private long unreadable;
    private long strays;
    private long lostChildren;
    private long forgotten;
    private long bodyBytes;
    private long offered;

    BufferChange(BufferCounters before) {
        this.before = before;
        phases = new TreeMap<>(before.phases());
        droppedByReason = new TreeMap<>(before.droppedByReason());
        nextSequence = before.nextSequence();
        forgottenUpTo = before.forgottenUpTo();
        duplicates = before.duplicates();
        unreadable = before.unreadable();
        strays = before.strays();
        lostChildren = before.lostChildren();
        forgotten = before.forgotten();
        bodyBytes = before.bodyBytes();
        offered = before.offered();
    }

    boolean isEmpty() {
        return writes.isEmpty() && positions.isEmpty() && after().equals(before);
    }

    /** The figures without this change. */
    BufferCounters before() {
        return before;
    }

    /** The figures with what was changed so far. */
    BufferCounters after() {
        return new BufferCounters(
                nextSequence,
                forgottenUpTo,
                duplicates,
                unreadable,
                strays,
                lostChildren,
                forgotten,
                bodyBytes,
                offered,
                phases,
                droppedByReason);
    }

    /** Per partition, the next offset where it changes. */
    SortedMap<Integer, Long> positions() {
        return Collections.unmodifiableSortedMap(positions);
    }

    /** Groups, the positions behind them and the counters: all that the store gets, or nothing. */
    void writeTo(Batch batch) {
        writes.forEach(write -> write.accept(batch));
        positions.forEach((partition, next) ->
                batch.put(BufferKeys.META, BufferKeys.position(partition), BufferKeys.offset(next)));
        batch.put(BufferKeys.META, BufferKeys.COUNTERS, after().encode());
    }

    /** The next offset to be read, behind the records that this change takes in. */
    void position(int partition, long next) {
        positions.put(partition, next);
    }

    void duplicate() {
        duplicates++;
    }

    void unreadable() {
        unreadable++;
    }

    /** An answer that no group awaits. */
    void stray() {
        strays++;
    }

    /** An answer that a group awaited and that never came. */
    void lostChild() {
        lostChildren++;
    }

    /** A group that awaits others, or is awaited. */
    void await(String id, byte[] body) {
        writes.add(batch -> batch.put(BufferKeys.WAITING, BufferKeys.id(id), body));
    }

    /** Such a group, when it is there no more. */
    void stopAwaiting(String id) {
        writes.add(batch -> batch.delete(BufferKeys.WAITING, BufferKeys.id(id)));
    }

    /** A new group that can be trained on. */
    void store(String id, int phase, long oldestVersion, byte[] body) {
        GroupState state = new GroupState(nextSequence++, phase, oldestVersion, body.length, new Usable());
        put(id, state);
        writes.add(batch -> {
            batch.put(BufferKeys.GROUPS, BufferKeys.body(state.sequence()), body);
            batch.put(BufferKeys.USABLE, BufferKeys.usable(phase, state.sequence()), BufferKeys.id(id));
        });
        bodyBytes += body.length;
        count(phase, 1, 0, 0);
    }

    /** A new group that never can be; its body is not kept. */
    void refuse(String id, int phase, long oldestVersion, String reason) {
        put(id, new GroupState(nextSequence++, phase, oldestVersion, 0, dropped(reason)));
        count(phase, 0, 0, 1);
    }

    /** Usable to used. */
    void use(Stored group, long step) {
        GroupState state = group.state();
        put(group.id(), state.with(new Used(step)));
        writes.add(batch -> {
            batch.delete(BufferKeys.USABLE, BufferKeys.usable(state.phase(), state.sequence()));
            batch.put(BufferKeys.USED, BufferKeys.used(step, state.sequence()), BufferKeys.id(group.id()));
        });
        count(state.phase(), -1, 1, 0);
    }

    /** Usable to dropped; the body goes. */
    void drop(Stored group, String reason) {
        GroupState state = group.state();
        put(group.id(), state.with(dropped(reason)));
        writes.add(batch -> {
            batch.delete(BufferKeys.USABLE, BufferKeys.usable(state.phase(), state.sequence()));
            batch.delete(BufferKeys.GROUPS, BufferKeys.body(state.sequence()));
        });
        bodyBytes -= state.bodyBytes();
        count(state.phase(), -1, 0, 1);
    }

    /** Used at {@code step} to usable. */
    void giveBack(Stored group, long step) {
        GroupState state = group.state();
        put(group.id(), state.with(new Usable()));
        writes.add(batch -> {
            batch.delete(BufferKeys.USED, BufferKeys.used(step, state.sequence()));
            batch.put(BufferKeys.USABLE, BufferKeys.usable(state.phase(), state.sequence()), BufferKeys.id(group.id()));
        });
        count(state.phase(), 1, -1, 0);
        BufferCounters.Phase phase = phases.get(state.phase());
        firstUsable(state.phase(), Math.min(phase.firstUsable(), state.sequence()));
    }

    /** Used at {@code step}, and no checkpoint needs its body any more. */
    void forget(Stored group, long step) {
        writes.add(batch -> batch.delete(
                BufferKeys.USED, BufferKeys.used(step, group.state().sequence())));
    }

    /** The body of a forgotten group goes, the state stays. */
    void discard(Stored group) {
        GroupState state = group.state();
        writes.add(batch -> batch.delete(BufferKeys.GROUPS, BufferKeys.body(state.sequence())));
        bodyBytes -= state.bodyBytes();
        forgotten++;
    }

    /** Counts a group that the reservoir is offered; returns how many were before. */
    long offered() {
        return offered++;
    }

    /** A forgotten group whose body stays, in its place of the reservoir. */
    void replayable(long place, Stored group) {
        writes.add(batch -> batch.put(BufferKeys.REPLAY, BufferKeys.body(place), BufferKeys.id(group.id())));
    }

    void forgottenUpTo(long step) {
        forgottenUpTo = step;
    }

    /** From now on searches in {@code phase} begin at {@code sequence}. */
    void firstUsable(int phase, long sequence) {
        BufferCounters.Phase old = phases.getOrDefault(phase, BufferCounters.Phase.NONE);
        phases.put(phase, new BufferCounters.Phase(old.usable(), old.used(), old.dropped(), sequence));
    }

    private void put(String id, GroupState state) {
        writes.add(batch -> batch.put(BufferKeys.STATES, BufferKeys.id(id), state.encode()));
    }

    /* Counted by its first words only: what follows a colon is about one group, and would make counters without end. */
    private Dropped dropped(String reason) {
        int colon = reason.indexOf(": ");
        droppedByReason.merge(colon < 0 ? reason : reason.substring(0, colon), 1L, Long::sum);
        return new Dropped(
                reason.length() <= REASON_CHARACTERS ? reason : reason.substring(0, REASON_CHARACTERS) + "...");
    }

    private void count(int phase, int usable, int used, int dropped) {
        BufferCounters.Phase old = phases.getOrDefault(phase, BufferCounters.Phase.NONE);
        phases.put(
                phase,
                new BufferCounters.Phase(
                        old.usable() + usable, old.used() + used, old.dropped() + dropped, old.firstUsable()));
    }
}
