package io.foretell.buffer;

import io.foretell.buffer.BufferChange.Stored;
import io.foretell.buffer.GroupState.Used;
import io.foretell.platform.DataSize;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import java.util.Comparator;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What becomes of groups that are in the buffer but not taken: used ones come back after a crash or are forgotten once no
 * checkpoint needs them, usable ones go when their phase is over or room is needed. Confined to the buffer's thread.
 */
final class BufferRetention {
    private static final Logger log = LoggerFactory.getLogger(BufferRetention.class);
    private static final int GROUPS_PER_WRITE = 1000;
    private static final int GROUPS_PER_EVICTION = 64;

    private final StoredGroups stored;
    private final Reservoir reservoir;
    private final DataSize maxBytes;

    BufferRetention(StoredGroups stored, Reservoir reservoir, DataSize maxBytes) {
        this.stored = stored;
        this.reservoir = reservoir;
        this.maxBytes = maxBytes;
    }

    /** Makes every group used after {@code step} usable again; returns how many. */
    int rewindTo(BufferChange change, long step) {
        long forgottenUpTo = change.before().forgottenUpTo();
        if (step < forgottenUpTo) {
            throw new ForetellException(
                    ErrorCode.CONFLICT,
                    "the buffer cannot go back to step " + step + ": the groups used up to step " + forgottenUpTo
                            + " are deleted, as the checkpoints then kept did not need them; resume from a later"
                            + " checkpoint or start a new run");
        }
        List<Stored> used = stored.used(step + 1, Long.MAX_VALUE);
        used.forEach(group -> change.giveBack(group, stepOf(group)));
        return used.size();
    }

    /** Deletes the bodies of groups used at {@code step} or before, but for those to replay; returns how many they were. */
    int forgetUsedUpTo(BufferChange change, long step) {
        long forgottenUpTo = change.before().forgottenUpTo();
        if (step <= forgottenUpTo) {
            return 0;
        }
        List<Stored> used = stored.used(forgottenUpTo + 1, step + 1);
        used.forEach(group -> change.forget(group, stepOf(group)));
        reservoir.offer(change, used);
        change.forgottenUpTo(step);
        return used.size();
    }

    /** Drops the oldest usable groups of a phase, as many as one write may have; returns how many. */
    int dropUsable(BufferChange change, int phase, String reason) {
        List<Stored> found = stored.usable(phase, change.before().phase(phase).firstUsable(), GROUPS_PER_WRITE);
        if (!found.isEmpty()) {
            found.forEach(group -> change.drop(group, reason));
            change.firstUsable(phase, found.get(found.size() - 1).state().sequence() + 1);
        }
        return found.size();
    }

    boolean isTooLarge(BufferCounters counters) {
        return counters.bodyBytes() > maxBytes.bytes();
    }

    /**
     * Drops some of the oldest usable groups while the buffer is too large; what checkpoints may need stays.
     *
     * @return whether there were any
     */
    boolean evict(BufferChange change) {
        BufferCounters before = change.before();
        List<Stored> oldest = before.phases().keySet().stream()
                .map(phase -> stored.usable(phase, before.phase(phase).firstUsable(), GROUPS_PER_EVICTION))
                .filter(found -> !found.isEmpty())
                .min(Comparator.comparingLong(found -> found.get(0).state().sequence()))
                .orElse(List.of());
        if (oldest.isEmpty()) {
            log.warn(
                    "the buffer has {} bytes, more than {}, but checkpoints or replay need them all: lower"
                            + " ckpt.interval or buffer.replay_groups, or raise buffer.max_bytes",
                    before.bodyBytes(),
                    maxBytes);
            return false;
        }
        for (Stored group : oldest) {
            if (isTooLarge(change.after())) {
                change.drop(group, "evicted: the buffer had more than " + maxBytes);
            }
        }
        log.warn(
                "{} groups are evicted in all, to keep the buffer below {}",
                change.after().droppedByReason().getOrDefault("evicted", 0L),
                maxBytes);
        return true;
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
}
