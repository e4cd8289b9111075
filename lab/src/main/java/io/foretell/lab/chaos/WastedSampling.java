package io.foretell.lab.chaos;

import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Seconds of sampling lost to kills. Pure functions.
 *
 * @param total seconds spent sampling the groups on the topic, including copies
 * @param repeated of these, seconds of groups that were sampled again because their first answer was not acknowledged
 * @param dropped of these, seconds of groups that were dropped because the kill made them stale or rolled back their
 *     weights
 * @param inFlight in addition, at most this many seconds of sampling never reached the topic
 */
record WastedSampling(double total, double repeated, double dropped, double inFlight) {
    private static final Set<String> NO_LOSS = Set.of("DROPPED phase over", "DROPPED all rewards are equal");

    static WastedSampling of(ChaosTopics topics, Map<String, String> states, List<ChaosRun.Kill> kills) {
        double total = 0;
        double repeated = 0;
        double dropped = 0;
        for (RolloutGroup group : topics.rollouts()) {
            ScoredGroup scored = topics.scored().get(group.id());
            String state = states.getOrDefault(group.id(), "");
            total += group.generationSeconds();
            if (scored != null && !scored.group().createdAt().equals(group.createdAt())) {
                repeated += group.generationSeconds();
            } else if (state.startsWith("DROPPED") && !NO_LOSS.contains(state)) {
                dropped += group.generationSeconds();
            }
        }
        double inFlight = kills.stream()
                .filter(ChaosRun.Kill::hitsSampler)
                .mapToDouble(kill -> inFlight(topics, kill.at()))
                .sum();
        return new WastedSampling(total, repeated, dropped, inFlight);
    }

    /** The sampler was busy since its last answer or since the oldest open task, whichever is later. */
    private static double inFlight(ChaosTopics topics, Instant kill) {
        Map<String, Instant> open = new HashMap<>();
        for (Task task : topics.tasks()) {
            if (task.issuedAt().isBefore(kill)) {
                open.put(task.id(), task.issuedAt());
            }
        }
        Instant answered = Instant.MIN;
        Set<String> sampled = new HashSet<>();
        for (RolloutGroup group : topics.rollouts()) {
            if (group.createdAt().isBefore(kill)) {
                sampled.add(group.id());
                answered = answered.isAfter(group.createdAt()) ? answered : group.createdAt();
            }
        }
        open.keySet().removeAll(sampled);
        Instant last = answered;
        return open.values().stream()
                .map(issued -> issued.isAfter(last) ? issued : last)
                .min(Instant::compareTo)
                .map(since -> Duration.between(since, kill).toMillis() / 1e3)
                .orElse(0.0);
    }

    /** Total seconds lost. */
    double lost() {
        return repeated + dropped + inFlight;
    }
}
