package io.foretell.learner;

import io.foretell.domain.RandomStreams;
import io.foretell.domain.ScoredGroup;
import io.foretell.learner.checkpoint.ResumePart;
import io.foretell.objectives.Objective;
import io.foretell.policy.PolicyOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What a run trains, and where its files are. Immutable.
 *
 * @param identity which run it is
 * @param training the sections of the configuration about training
 * @param objectives one per phase
 * @param shaping what happens to rewards before they are trained on
 * @param strictlyOnPolicy {@code run.mode: sync}
 * @param policiesKept minimum number of published versions kept, {@code weight_sync.keep_last}; versions in use by a
 *     worker are kept as well
 * @param untilStep stop after this step; {@link Long#MAX_VALUE} for no such limit
 * @param policyOptions how the policy is loaded
 */
public record TrainingPlan(
        Identity identity,
        TrainingSettings training,
        List<Objective> objectives,
        RewardShaping shaping,
        boolean strictlyOnPolicy,
        int policiesKept,
        long untilStep,
        PolicyOptions policyOptions) {
    public TrainingPlan {
        objectives = List.copyOf(objectives);
        if (strictlyOnPolicy && training.learner().offPolicy().isDownWeighted()) {
            throw new IllegalArgumentException(
                    "learner.stale is down_weight but run.mode is sync, where no group may be"
                            + " stale: change one of them");
        }
    }

    /**
     * Which run it is.
     *
     * @param name of the run
     * @param folder runs/NAME
     * @param origin the Hugging Face folder that the policy starts from
     * @param seed of everything random in the run
     */
    public record Identity(String name, Path folder, Path origin, long seed) {}

    /**
     * What happens to rewards before they are trained on.
     *
     * @param shuffle the control that must not learn, {@code reward.shuffle}
     * @param overlong the penalty for long responses, {@code reward.overlong_buffer}; null for none
     */
    public record RewardShaping(boolean shuffle, @Nullable OverlongShaping overlong) {
        List<ScoredGroup> apply(List<ScoredGroup> groups, SplittableRandom random) {
            List<ScoredGroup> shaped = overlong == null ? groups : overlong.shape(groups);
            return shuffle ? ShuffledRewards.shuffle(shaped, random) : shaped;
        }
    }

    public String name() {
        return identity.name();
    }

    /** Where the run keeps its files: runs/NAME. */
    public Path folder() {
        return identity.folder();
    }

    /** The Hugging Face folder that the policy starts from. */
    public Path origin() {
        return identity.origin();
    }

    public long seed() {
        return identity.seed();
    }

    public List<PhaseSettings> phases() {
        return training.phases();
    }

    /** Section {@code learner} of the configuration. */
    public LearnerSettings settings() {
        return training.learner();
    }

    /** What is restored when the run is resumed. */
    Set<ResumePart> restored() {
        return ResumePart.parse(training.resumeRestore());
    }

    /** Steps of all phases; {@link Long#MAX_VALUE} when the last has no end. */
    public long totalSteps() {
        long total = 0;
        for (PhaseSettings phase : phases()) {
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
        for (int i = 0; i < phases().size(); i++) {
            Integer steps = phases().get(i).steps();
            if (steps == null) {
                return i;
            }
            end += steps;
            if (step <= end) {
                return i;
            }
        }
        return phases().size();
    }

    /**
     * Learning rate of step {@code step} of the run, which lies in phase {@code phase}.
     *
     * @param annealFrom first step of the run that anneals; {@link Long#MAX_VALUE} for none
     * @param resumedAt step of the checkpoint that the process resumed from; negative for none
     */
    double learningRate(int phase, long step, long annealFrom, long resumedAt) {
        long before = stepsBefore(phase);
        boolean anneals = annealFrom > before && annealFrom < Long.MAX_VALUE;
        return settings()
                .rate()
                .of(phases().get(phase))
                .rate(
                        step - before,
                        anneals ? annealFrom - before : Long.MAX_VALUE,
                        resumedAt < 0 ? Long.MAX_VALUE : step - resumedAt);
    }

    /** Whether the objective of step {@code step} (from 1) samples. */
    boolean isSampled(long step) {
        int phase = phaseOf(step);
        return phase < phases().size() && objectives.get(phase).isSampled();
    }

    /** The teacher's decay at step {@code step}: 0 where nothing is sampled, so that the teacher starts as the policy. */
    double teacherDecay(long step) {
        return isSampled(step) ? training.teacher().emaDecay() : 0;
    }

    /** The groups of step {@code step} with the rewards that are trained on. */
    List<ScoredGroup> rewarded(List<ScoredGroup> groups, long step) {
        return shaping.apply(groups, RandomStreams.of(seed(), "shuffle", step));
    }

    /** Groups more steps than this behind the policy are dropped; negative where none are. */
    int dropBeyond() {
        int limit = strictlyOnPolicy ? 0 : settings().offPolicy().maxOffPolicySteps();
        return settings().offPolicy().isDownWeighted() ? -1 : limit;
    }

    /** Number of steps before phase {@code phase}. */
    long stepsBefore(int phase) {
        long steps = 0;
        for (PhaseSettings earlier : phases().subList(0, phase)) {
            steps += earlier.steps() == null ? 0 : earlier.steps();
        }
        return steps;
    }
}
