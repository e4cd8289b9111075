package io.foretell.learner;

/**
 * The learning rate over one phase: warm-up, schedule, anneal on command, re-warming after a restart. Immutable.
 *
 * <p>{@code infinite} is the schedule of Ibrahim et al. 2024 (arXiv 2403.08763, section on infinite learning rates):
 * linear warm-up, a cosine from the peak to a constant rate, that rate for as long as documents come, and, once asked
 * for, the exponential anneal {@code constant (min / constant)^progress}. Their checkpoint before the anneal is what
 * training continues from; so is ours. We anneal every other schedule in the same way from wherever it is, and linearly
 * where the smallest rate is 0, which an exponential never reaches.
 *
 * @param schedule one of {@link LearningRateSettings#SCHEDULES}
 * @param steps of the phase; {@link Long#MAX_VALUE} where it has no end, and then nothing decays
 * @param minRatio where decays and anneals end, as a share of the peak
 */
record LearningRate(
        String schedule, long steps, double peak, int warmupSteps, double minRatio, ScheduleSettings settings) {
    private static final double STABLE_SHARE = 0.6;

    /**
     * The rate of a step of the phase (from 1).
     *
     * @param annealFrom first step of the anneal; {@link Long#MAX_VALUE} where none was asked for
     * @param stepsSinceRestart steps since the checkpoint that the process resumed from, this one included;
     *     {@link Long#MAX_VALUE} where it did not
     */
    double rate(long step, long annealFrom, long stepsSinceRestart) {
        double rate = step < annealFrom ? scheduled(step) : annealed(step, annealFrom);
        return stepsSinceRestart < settings.rewarmSteps() ? rate * stepsSinceRestart / settings.rewarmSteps() : rate;
    }

    private double annealed(long step, long annealFrom) {
        double start = scheduled(Math.max(1, annealFrom - 1));
        double end = Math.min(start, peak * minRatio);
        double progress = Math.min(1, (step - annealFrom + 1) / (double) settings.annealSteps());
        return end > 0 ? start * Math.pow(end / start, progress) : start * (1 - progress);
    }

    private double scheduled(long step) {
        if (step <= warmupSteps) {
            return peak * step / warmupSteps;
        }
        if (schedule.equals("infinite")) {
            double progress = Math.min(1, (step - warmupSteps) / (double) Math.max(1, settings.cooldownSteps()));
            return peak * between(settings.constantRatio(), cosine(progress));
        }
        if (steps == Long.MAX_VALUE || steps <= warmupSteps) {
            return peak;
        }
        double progress = (step - warmupSteps) / (double) (steps - warmupSteps);
        double share = switch (schedule) {
            case "linear" -> 1 - progress;
            case "cosine" -> cosine(progress);
            case "wsd" -> Math.min(1, (steps - step) / ((1 - STABLE_SHARE) * steps));
            default -> 1.0;
        };
        return peak * between(minRatio, share);
    }

    private static double cosine(double progress) {
        return (1 + Math.cos(Math.PI * progress)) / 2;
    }

    private static double between(double lowest, double share) {
        return lowest + (1 - lowest) * share;
    }
}
