package io.foretell.learner;

import io.foretell.platform.Check;

/**
 * Section {@code learner.schedule}: what a learning rate does beyond warming up and decaying.
 *
 * @param cooldownSteps of the schedule {@code infinite}, from the peak to its constant rate
 * @param constantRatio that rate, as a share of the peak
 * @param annealSteps over which the rate falls to {@code min_lr_ratio} of the peak once that is asked for
 * @param rewarmSteps over which the rate rises to what the schedule says after every start that resumes from a checkpoint
 */
public record ScheduleSettings(int cooldownSteps, double constantRatio, int annealSteps, int rewarmSteps) {
    public ScheduleSettings {
        boolean isRatio = constantRatio > 0 && constantRatio <= 1;
        Check.that("learner.schedule.cooldown_steps", cooldownSteps, cooldownSteps >= 0, "0 or more");
        Check.that("learner.schedule.constant_ratio", constantRatio, isRatio, "above 0 to 1");
        Check.that("learner.schedule.anneal_steps", annealSteps, annealSteps >= 1, "at least 1");
        Check.that("learner.schedule.rewarm_steps", rewarmSteps, rewarmSteps >= 0, "0 or more");
    }
}
