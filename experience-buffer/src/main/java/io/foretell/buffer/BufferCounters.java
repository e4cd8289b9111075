package io.foretell.buffer;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import java.io.IOException;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The buffer's figures, stored in the same write as what they count. Immutable.
 *
 * @param nextSequence sequence number of the next group
 * @param forgottenUpTo bodies of groups used at this step or before are deleted; -1 when none are
 * @param duplicates groups that came again
 * @param unreadable records that were no group
 * @param strays answers that no group awaits
 * @param lostChildren answers that a group awaited and that never came
 * @param forgotten bodies deleted because no checkpoint needs them any more
 * @param bodyBytes bytes of the bodies stored
 * @param offered groups that the reservoir was offered
 * @param phases figures per phase
 * @param droppedByReason groups dropped, by the part of the reason before its colon
 */
record BufferCounters(
        long nextSequence,
        long forgottenUpTo,
        long duplicates,
        long unreadable,
        long strays,
        long lostChildren,
        long forgotten,
        long bodyBytes,
        long offered,
        SortedMap<Integer, Phase> phases,
        SortedMap<String, Long> droppedByReason) {
    static final BufferCounters NONE = new BufferCounters(0, -1, 0, 0, 0, 0, 0, 0, 0, new TreeMap<>(), new TreeMap<>());

    /**
     * The figures of one phase.
     *
     * @param firstUsable no usable group of the phase has a lower sequence, so that searches begin here
     */
    record Phase(long usable, long used, long dropped, long firstUsable) {
        static final Phase NONE = new Phase(0, 0, 0, 0);
    }

    BufferCounters {
        phases = Collections.unmodifiableSortedMap(new TreeMap<>(phases));
        droppedByReason = Collections.unmodifiableSortedMap(new TreeMap<>(droppedByReason));
    }

    Phase phase(int phase) {
        return phases.getOrDefault(phase, Phase.NONE);
    }

    byte[] encode() {
        try {
            return Json.mapper().writeValueAsBytes(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("counters cannot be written: " + this, e);
        }
    }

    static BufferCounters decode(byte[] bytes) {
        try {
            return Json.mapper().readValue(bytes, BufferCounters.class);
        } catch (IOException | RuntimeException e) {
            throw new ForetellException(
                    ErrorCode.CORRUPT, "the buffer's counters are not what this program writes: " + e.getMessage(), e);
        }
    }
}
