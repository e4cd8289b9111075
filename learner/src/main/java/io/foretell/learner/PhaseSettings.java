package io.foretell.learner;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One entry of {@code phases} in the configuration.
 *
 * @param objective name of the method
 * @param steps optimizer steps; null for as long as documents keep coming
 * @param domains documents it takes; none for all
 * @param learningRate in place of {@code learner.learning_rate}
 * @param lrSchedule in place of {@code learner.lr_schedule}
 * @param warmupSteps in place of {@code learner.warmup_steps}
 * @param options the objective's own keys
 */
public record PhaseSettings(
        String objective,
        @Nullable Integer steps,
        @Nullable List<String> domains,
        @Nullable Double learningRate,
        @Nullable String lrSchedule,
        @Nullable Integer warmupSteps,
        @Nullable Map<String, Object> options) {
    public PhaseSettings {
        if (objective == null || objective.isBlank()) {
            throw new IllegalArgumentException("phases: each phase needs an 'objective', such as ntp or rlp");
        }
        if (steps != null && steps < 1) {
            throw new IllegalArgumentException("phases: 'steps' of " + objective + " is " + steps
                    + " but must be at least 1, or left out to train for as long as documents come");
        }
        if (lrSchedule != null && !LearningRateSettings.SCHEDULES.contains(lrSchedule)) {
            throw new IllegalArgumentException("phases: 'lr_schedule' of " + objective + " is '" + lrSchedule
                    + "' but must be one of " + LearningRateSettings.SCHEDULES);
        }
        if (learningRate != null && !(learningRate >= 0 && Double.isFinite(learningRate))) {
            throw new IllegalArgumentException(
                    "phases: 'learning_rate' of " + objective + " is " + learningRate + " but must be 0 or more");
        }
        if (warmupSteps != null && warmupSteps < 0) {
            throw new IllegalArgumentException(
                    "phases: 'warmup_steps' of " + objective + " is " + warmupSteps + " but must be 0 or more");
        }
        if (domains != null && domains.stream().anyMatch(Objects::isNull)) {
            throw new IllegalArgumentException("phases: 'domains' of " + objective + " has an entry without a value");
        }
        if (options != null) {
            options.forEach((key, value) -> {
                if (value == null) {
                    throw new IllegalArgumentException(
                            "phases: option '" + key + "' of " + objective + " has no value");
                }
            });
        }
        domains = domains == null ? List.of() : List.copyOf(domains);
        options = options == null ? Map.of() : Map.copyOf(options);
    }

    /** Groups the phase trains on in all. */
    public long groups(int promptsPerStep) {
        return steps == null ? Long.MAX_VALUE : (long) steps * promptsPerStep;
    }
}
