package io.foretell.streams;

import io.foretell.domain.LearnerProgress;
import io.foretell.domain.PolicyAnnouncement;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How many tasks may be issued, given what the learner has announced.
 *
 * <pre>
 * issued - used - dropped &lt; window              window = (max_off_policy_steps + 1) * groups per step
 * issued_k &lt; groups_k + dropped_k               for every phase k; the lowest such phase is fed
 * </pre>
 *
 * <p>Dropped are the groups that the learner gave up and the tasks that died before they reached it. Immutable.
 */
record StalenessGate(List<PhasePlan> phases, long window, Optional<PolicyAnnouncement> learner, List<Long> dead) {
    /** The lowest phase that needs more tasks. */
    OptionalInt phase(FeederPosition position) {
        for (int k = 0; k < phases.size(); k++) {
            long groups = phases.get(k).groups();
            if (groups == PhasePlan.OPEN_ENDED || position.issued[k] < groups + dropped(k)) {
                return OptionalInt.of(k);
            }
        }
        return OptionalInt.empty();
    }

    /** Tasks that may still be issued now; 0 before the first policy. */
    long room(FeederPosition position) {
        return learner.isEmpty() ? 0 : Math.max(0, window - inFlight(position));
    }

    /** Tasks issued and neither used nor dropped. */
    long inFlight(FeederPosition position) {
        long used = progress().groupsUsed().stream().mapToLong(Long::longValue).sum();
        long dropped = 0;
        for (int k = 0; k < position.issued.length; k++) {
            dropped += dropped(k);
        }
        return position.total() - used - dropped;
    }

    private LearnerProgress progress() {
        return learner.map(PolicyAnnouncement::progress).orElse(LearnerProgress.NONE);
    }

    private static long of(List<Long> counts, int phase) {
        return phase < counts.size() ? counts.get(phase) : 0;
    }

    private long dropped(int phase) {
        return of(progress().groupsDropped(), phase) + of(dead, phase);
    }

    /** The oldest phase with tasks under way, for a dead task that does not say where it belongs. */
    int oldestPhaseUnderWay(FeederPosition position) {
        for (int k = 0; k < position.issued.length; k++) {
            if (position.issued[k] > of(progress().groupsUsed(), k) + dropped(k)) {
                return k;
            }
        }
        return 0;
    }
}
