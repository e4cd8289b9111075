package io.foretell.buffer;

import java.util.Map;
import java.util.TreeMap;

/**
 * The buffer at one moment. Immutable.
 *
 * @param usable per phase, groups that wait for their step
 * @param used per phase, groups trained on in the surviving history
 * @param dropped per phase, groups that will never be trained on
 * @param droppedByReason the same by the first words of the reason
 * @param duplicates groups that came again and were not stored
 * @param unreadable records that were no group
 * @param waiting groups that await the answers to tasks they spawned
 * @param strays answers to spawned tasks that no group awaits
 * @param lostChildren answers that a group awaited and that never came
 * @param forgotten bodies deleted because no checkpoint needs them any more
 * @param bodyBytes bytes of the bodies stored; compression and states not counted
 */
public record BufferStatus(
        Map<Integer, Long> usable,
        Map<Integer, Long> used,
        Map<Integer, Long> dropped,
        Map<String, Long> droppedByReason,
        long duplicates,
        long unreadable,
        int waiting,
        long strays,
        long lostChildren,
        long forgotten,
        long bodyBytes) {
    public BufferStatus {
        usable = Map.copyOf(usable);
        used = Map.copyOf(used);
        dropped = Map.copyOf(dropped);
        droppedByReason = Map.copyOf(droppedByReason);
    }

    static BufferStatus of(BufferCounters counters, int waiting) {
        TreeMap<Integer, Long> usable = new TreeMap<>();
        TreeMap<Integer, Long> used = new TreeMap<>();
        TreeMap<Integer, Long> dropped = new TreeMap<>();
        counters.phases().forEach((phase, figures) -> {
            usable.put(phase, figures.usable());
            used.put(phase, figures.used());
            dropped.put(phase, figures.dropped());
        });
        return new BufferStatus(
                usable,
                used,
                dropped,
                counters.droppedByReason(),
                counters.duplicates(),
                counters.unreadable(),
                waiting,
                counters.strays(),
                counters.lostChildren(),
                counters.forgotten(),
                counters.bodyBytes());
    }
}
