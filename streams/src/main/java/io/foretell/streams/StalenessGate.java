package io.foretell.streams;

import io.foretell.domain.PolicyVersion;
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
record StalenessGate(List<PhasePlan> phases, long window, Optional<PolicyVersion> policy, List<Long> dead) {
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
        return policy.isEmpty() ? 0 : Math.max(0, window - inFlight(position));
    }

    /** Tasks issued and neither used nor dropped. */
    long inFlight(FeederPosition position) {
        long used = policy.map(
                        p -> p.groupsUsed().stream().mapToLong(Long::longValue).sum())
                .orElse(0L);
        long dropped = 0;
        for (int k = 0; k < position.issued.length; k++) {
            dropped += dropped(k);
        }
        return position.total() - used - dropped;
    }

    private long dropped(int phase) {
        long byLearner = policy.map(PolicyVersion::groupsDropped)
                .filter(counts -> phase < counts.size())
                .map(counts -> counts.get(phase))
                .orElse(0L);
        return byLearner + (phase < dead.size() ? dead.get(phase) : 0);
    }

    /** The oldest phase with tasks under way, for a dead task that does not say where it belongs. */
    int oldestPhaseUnderWay(FeederPosition position) {
        for (int k = 0; k < position.issued.length; k++) {
            int phase = k;
            long used = policy.map(PolicyVersion::groupsUsed)
                    .filter(counts -> phase < counts.size())
                    .map(counts -> counts.get(phase))
                    .orElse(0L);
            if (position.issued[k] > used + dropped(k)) {
                return k;
            }
        }
        return 0;
    }
}
