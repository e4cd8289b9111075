package io.foretell.learner;

import io.foretell.objectives.Objective;
import io.foretell.objectives.OverlongShaping;
import io.foretell.policy.PolicyOptions;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything that says what a run trains and where it keeps itself.
 *
 * @param name of the run
 * @param folder runs/NAME
 * @param origin the Hugging Face folder that the policy starts from
 * @param phases in order
 * @param objectives one per phase
 * @param settings section {@code learner}
 * @param evaluation section {@code eval}
 * @param emaDecay of the teacher, {@code teacher.ema_decay}
 * @param shuffleRewards the control that must not learn, {@code reward.shuffle}
 * @param overlong what long responses are punished by, {@code reward.overlong_buffer}; null for nothing
 * @param strictlyOnPolicy {@code run.mode: sync}
 * @param checkpoints section {@code ckpt}
 * @param policiesKept how many published versions are kept at least, {@code weight_sync.keep_last}; those that a worker
 *     works with are kept besides
 * @param resumeMode auto, disable or the path of a checkpoint
 * @param untilStep stop after this step; {@link Long#MAX_VALUE} to go on
 * @param policyOptions how the policy is held
 * @param seed of everything random in the run
 */
public record LearnerRun(
        String name,
        Path folder,
        Path origin,
        List<PhaseSettings> phases,
        List<Objective> objectives,
        LearnerSettings settings,
        EvaluationSettings evaluation,
        double emaDecay,
        boolean shuffleRewards,
        @Nullable OverlongShaping overlong,
        boolean strictlyOnPolicy,
        CheckpointSettings checkpoints,
        int policiesKept,
        String resumeMode,
        long untilStep,
        PolicyOptions policyOptions,
        long seed) {
    public LearnerRun {
        phases = List.copyOf(phases);
        objectives = List.copyOf(objectives);
    }

    /** Steps of all phases; {@link Long#MAX_VALUE} when the last has no end. */
    public long totalSteps() {
        long total = 0;
        for (PhaseSettings phase : phases) {
            if (phase.steps() == null) {
                return Long.MAX_VALUE;
            }
            total += phase.steps();
        }
        return total;
    }

    /** Index of the phase that step {@code step} (from 1) belongs to, or the number of phases when all are over. */
    int phaseOf(long step) {
        long end = 0;
        for (int i = 0; i < phases.size(); i++) {
            Integer steps = phases.get(i).steps();
            if (steps == null) {
                return i;
            }
            end += steps;
            if (step <= end) {
                return i;
            }
        }
        return phases.size();
    }

    /**
     * Learning rate of step {@code step} of the run, which lies in phase {@code phase}.
     *
     * @param annealFrom first step of the run that anneals; {@link Long#MAX_VALUE} for none
     * @param resumedAt step of the checkpoint that the process went on from; negative for none
     */
    double learningRate(int phase, long step, long annealFrom, long resumedAt) {
        PhaseSettings own = phases.get(phase);
        long before = stepsBefore(phase);
        boolean anneals = annealFrom > before && annealFrom < Long.MAX_VALUE;
        return new LearningRate(
                        own.lrSchedule() == null ? settings.lrSchedule() : own.lrSchedule(),
                        own.steps() == null ? Long.MAX_VALUE : own.steps(),
                        own.learningRate() == null ? settings.learningRate() : own.learningRate(),
                        own.warmupSteps() == null ? settings.warmupSteps() : own.warmupSteps(),
                        settings.minLrRatio(),
                        settings.schedule())
                .at(
                        step - before,
                        anneals ? annealFrom - before : Long.MAX_VALUE,
                        resumedAt < 0 ? Long.MAX_VALUE : step - resumedAt);
    }

    /** Number of steps before phase {@code phase}. */
    long stepsBefore(int phase) {
        long steps = 0;
        for (PhaseSettings earlier : phases.subList(0, phase)) {
            steps += earlier.steps() == null ? 0 : earlier.steps();
        }
        return steps;
    }
}
