package io.foretell.learner;

import io.foretell.platform.Check;
import java.util.List;

/**
 * The learning rate where a phase does not set its own; keys of section {@code learner}. Immutable.
 *
 * @param learningRate peak of the schedule
 * @param lrSchedule constant, linear, cosine, wsd (warm-up, stable, decay over the last 40 %) or infinite:
 *     {@link LearningRate}
 * @param warmupSteps steps of linear warm-up at the start of each phase
 * @param minLrRatio where decaying schedules end, as a share of the peak
 * @param schedule cooldown, anneal and re-warming
 */
public record LearningRateSettings(
        double learningRate, String lrSchedule, int warmupSteps, double minLrRatio, ScheduleSettings schedule) {
    static final List<String> SCHEDULES = List.of("constant", "linear", "cosine", "wsd", "infinite");

    public LearningRateSettings {
        boolean isRate = learningRate >= 0 && Double.isFinite(learningRate);
        Check.that("learner.learning_rate", learningRate, isRate, "0 or more");
        Check.that("learner.lr_schedule", lrSchedule, SCHEDULES.contains(lrSchedule), "one of " + SCHEDULES);
        Check.that("learner.warmup_steps", warmupSteps, warmupSteps >= 0, "0 or more");
        Check.that("learner.min_lr_ratio", minLrRatio, minLrRatio >= 0 && minLrRatio <= 1, "0 to 1");
    }

    /** The rate over one phase of {@code steps} steps, with what the phase sets in place of these settings. */
    LearningRate of(PhaseSettings phase) {
        return new LearningRate(
                phase.lrSchedule() == null ? lrSchedule : phase.lrSchedule(),
                phase.steps() == null ? Long.MAX_VALUE : phase.steps(),
                phase.learningRate() == null ? learningRate : phase.learningRate(),
                phase.warmupSteps() == null ? warmupSteps : phase.warmupSteps(),
                minLrRatio,
                schedule);
    }
}
