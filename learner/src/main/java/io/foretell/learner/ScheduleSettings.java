package io.foretell.learner;

/**
 * Section {@code learner.schedule}: what a learning rate does beyond warming up and decaying.
 *
 * @param cooldownSteps of the schedule {@code infinite}, from the peak to its constant rate
 * @param constantRatio that rate, as a share of the peak
 * @param annealSteps over which the rate falls to {@code min_lr_ratio} of the peak once that is asked for
 * @param rewarmSteps over which the rate rises to what the schedule says after every start that goes on from a checkpoint
 */
public record ScheduleSettings(int cooldownSteps, double constantRatio, int annealSteps, int rewarmSteps) {
    public ScheduleSettings {
        if (cooldownSteps < 0 || rewarmSteps < 0 || annealSteps < 1 || !(constantRatio > 0 && constantRatio <= 1)) {
            throw new IllegalArgumentException("learner.schedule needs cooldown_steps and rewarm_steps of at least 0,"
                    + " anneal_steps of at least 1 and a constant_ratio above 0 to 1, but has " + cooldownSteps + ", "
                    + rewarmSteps + ", " + annealSteps + " and " + constantRatio);
        }
    }
}
