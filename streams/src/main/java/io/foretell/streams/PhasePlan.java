package io.foretell.streams;

import io.foretell.objectives.Objective;
import java.util.Set;

/**
 * One phase of a run, as the feeder sees it.
 *
 * @param index position in the run's list of phases
 * @param groups how many groups the phase trains on; {@link #OPEN_ENDED} for as many as come
 * @param domains documents it takes; empty for all
 */
public record PhasePlan(int index, Objective objective, long groups, Set<String> domains) {
    public static final long OPEN_ENDED = Long.MAX_VALUE;

    public PhasePlan {
        domains = Set.copyOf(domains);
        if (groups < 0) {
            throw new IllegalArgumentException("phase " + index + " has " + groups + " groups");
        }
    }

    boolean takes(String domain) {
        return domains.isEmpty() || domains.contains(domain);
    }
}
