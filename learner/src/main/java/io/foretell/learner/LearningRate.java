package io.foretell.learner;

/** Learning-rate schedules over one phase. Pure functions. */
final class LearningRate {
    private static final double STABLE_SHARE = 0.6;

    private LearningRate() {}

    /**
     * The rate of step {@code step} (from 1) of a phase. A phase without an end has no decay.
     *
     * @param steps of the phase; {@link Long#MAX_VALUE} where it has no end
     */
    static double at(long step, long steps, String schedule, double peak, int warmupSteps, double minRatio) {
        if (step <= warmupSteps) {
            return peak * step / warmupSteps;
        }
        if (steps == Long.MAX_VALUE || steps <= warmupSteps) {
            return peak;
        }
        double progress = (step - warmupSteps) / (double) (steps - warmupSteps);
        double share = switch (schedule) {
            case "linear" -> 1 - progress;
            case "cosine" -> (1 + Math.cos(Math.PI * progress)) / 2;
            case "wsd" -> Math.min(1, (steps - step) / ((1 - STABLE_SHARE) * steps));
            default -> 1.0;
        };
        return peak * (minRatio + (1 - minRatio) * share);
    }
}
