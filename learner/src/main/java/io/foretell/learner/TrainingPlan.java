package io.foretell.learner;

import io.foretell.domain.ScoredGroup;
import io.foretell.learner.buffer.BufferSettings;
import io.foretell.learner.checkpoint.CheckpointSettings;
import io.foretell.learner.checkpoint.ResumePart;
import io.foretell.learner.evaluation.EvaluationSettings;
import io.foretell.objectives.Objective;
import io.foretell.policy.PolicyOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
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
 * @param buffer section {@code buffer}
 * @param evaluation section {@code eval}
 * @param emaDecay of the teacher, {@code teacher.ema_decay}
 * @param shuffleRewards the control that must not learn, {@code reward.shuffle}
 * @param overlong what long responses are punished by, {@code reward.overlong_buffer}; null for nothing
 * @param strictlyOnPolicy {@code run.mode: sync}
 * @param checkpoints section {@code ckpt}
 * @param policiesKept how many published versions are kept at least, {@code weight_sync.keep_last}; those that a worker
 *     works with are kept besides
 * @param resumeMode auto, disable or the path of a checkpoint
 * @param restored what is restored when the run is resumed, {@code resume_restore}
 * @param untilStep stop after this step; {@link Long#MAX_VALUE} to go on
 * @param policyOptions how the policy is held
 * @param seed of everything random in the run
 */
public record TrainingPlan(
        String name,
        Path folder,
        Path origin,
        List<PhaseSettings> phases,
        List<Objective> objectives,
        LearnerSettings settings,
        BufferSettings buffer,
        EvaluationSettings evaluation,
        double emaDecay,
        boolean shuffleRewards,
        @Nullable OverlongShaping overlong,
        boolean strictlyOnPolicy,
        CheckpointSettings checkpoints,
        int policiesKept,
        String resumeMode,
        Set<ResumePart> restored,
        long untilStep,
        PolicyOptions policyOptions,
        long seed) {
    public TrainingPlan {
        phases = List.copyOf(phases);
        objectives = List.copyOf(objectives);
        restored = Set.copyOf(restored);
        if (strictlyOnPolicy && buffer.isDownWeighted()) {
            throw new IllegalArgumentException(
                    "buffer.stale is down_weight but run.mode is sync, where no group may be stale: set one of them otherwise");
        }
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

    /** Of the phase that {@code group} belongs to. */
    Objective objectiveOf(ScoredGroup group) {
        return objectives.get(group.task().phase());
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
                .rate(
                        step - before,
                        anneals ? annealFrom - before : Long.MAX_VALUE,
                        resumedAt < 0 ? Long.MAX_VALUE : step - resumedAt);
    }

    /** Whether the objective of step {@code step} (from 1) samples. */
    boolean isSampled(long step) {
        int phase = phaseOf(step);
        return phase < phases.size() && objectives.get(phase).isSampled();
    }

    /** The teacher's decay at step {@code step}: where nothing is sampled it is the policy itself, so that it starts equal. */
    double teacherDecay(long step) {
        return isSampled(step) ? emaDecay : 0;
    }

    /** The groups of step {@code step} with the rewards that are trained on. */
    List<ScoredGroup> rewarded(List<ScoredGroup> groups, long step) {
        List<ScoredGroup> shaped = overlong == null ? groups : overlong.shape(groups);
        return shuffleRewards ? ShuffledRewards.shuffle(shaped, new SplittableRandom(seed * 31 + step)) : shaped;
    }

    /** Steps behind the policy that a group is dropped beyond; negative where it is not. */
    int dropBeyond() {
        int limit = strictlyOnPolicy ? 0 : settings.maxOffPolicySteps();
        return buffer.isDownWeighted() ? -1 : limit;
    }

    /** Factor on the policy-gradient weight of a group whose oldest token is so many versions behind. */
    double staleWeight(long behind) {
        long beyond = behind - settings.maxOffPolicySteps();
        return buffer.isDownWeighted() && beyond > 0 ? Math.pow(buffer.staleDecay(), beyond) : 1;
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
