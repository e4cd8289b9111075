package io.foretell.learner;

import io.foretell.learner.checkpoint.CheckpointState;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** How far training is: the step, and where the anneal of the learning rate began. Confined to the learner's thread. */
final class LearnerState {
    private static final long NO_ANNEAL = Long.MAX_VALUE;

    private final TrainingPlan run;
    private final long resumedAt;
    private long step;
    private long annealFrom = NO_ANNEAL;

    /**
     * @param step the last step done
     * @param resumedAt step of the checkpoint that this process resumed from; negative for none
     */
    LearnerState(TrainingPlan run, long step, long resumedAt) {
        this.run = run;
        this.step = step;
        this.resumedAt = resumedAt;
    }

    /** Restores what {@link #counters} gave. */
    void restore(CheckpointState saved) {
        annealFrom = saved.counters().getOrDefault(CheckpointState.ANNEAL_FROM, NO_ANNEAL);
    }

    /** What a checkpoint keeps of this, besides the step. */
    Map<String, Long> counters() {
        return annealFrom == NO_ANNEAL ? Map.of() : Map.of(CheckpointState.ANNEAL_FROM, annealFrom);
    }

    /** The last step done; 0 before the first. */
    long step() {
        return step;
    }

    /** Index of the phase of the next step; the number of phases after the last. */
    int phase() {
        return run.phaseOf(step + 1);
    }

    /** Whether all phases are done. */
    boolean isOver() {
        return phase() == run.phases().size();
    }

    /** The phase of the next step or, after the last phase, that phase. */
    int phaseOrLast() {
        return Math.min(phase(), run.phases().size() - 1);
    }

    /** Steps done in the current phase. */
    long stepInPhase() {
        return step - run.stepsBefore(phase());
    }

    /** Learning rate of the next step. */
    double learningRate() {
        return run.learningRate(phase(), step + 1, annealFrom, resumedAt);
    }

    /** First step of the anneal, or null. */
    @Nullable
    Long annealFrom() {
        return annealFrom == NO_ANNEAL ? null : Long.valueOf(annealFrom);
    }

    /** Starts the anneal at the next step; false if it has already started in this phase. */
    boolean startAnneal() {
        if (annealFrom <= step && annealFrom > run.stepsBefore(phase())) {
            return false;
        }
        annealFrom = step + 1;
        return true;
    }

    /** Counts a step; returns whether the next one belongs to another phase. */
    boolean advance() {
        int before = phase();
        step++;
        return phase() != before;
    }
}
