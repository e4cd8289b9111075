package io.foretell.learner;

import io.foretell.domain.WeightAck;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Where the learner is, for people and programs. Immutable.
 *
 * @param state starting, training, paused, finished, stopped or failed
 * @param totalSteps of all phases; null when the last has no end
 * @param waitingFor one sentence; empty while it works
 * @param checkpointStep step of the newest checkpoint started; -1 before the first
 * @param annealFrom first step of the anneal that was asked for; null for none
 * @param consumers workers that are alive and the versions that they work with
 */
public record LearnerStatus(
        String run,
        String state,
        long step,
        @Nullable Long totalSteps,
        long policyVersion,
        Phase phase,
        String waitingFor,
        long usableGroups,
        Map<String, Long> dropped,
        long duplicates,
        long checkpointStep,
        @Nullable Long annealFrom,
        List<WeightAck> consumers,
        String vocabulary) {
    /** @param steps null when the phase has no end */
    public record Phase(
            int index,
            String objective,
            long step,
            @Nullable Long steps) {}
}
