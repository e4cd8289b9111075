package io.foretell.learner;

import io.foretell.buffer.BufferSettings;
import io.foretell.learner.checkpoint.CheckpointSettings;
import io.foretell.learner.checkpoint.ResumePart;
import io.foretell.learner.evaluation.EvaluationSettings;
import io.foretell.platform.Check;
import java.util.List;

/**
 * The sections of the configuration that say how a run trains, saves itself and resumes. Immutable.
 *
 * @param phases in order; only the last may be without an end
 * @param teacher section {@code teacher}
 * @param learner section {@code learner}
 * @param buffer section {@code buffer}
 * @param ckpt section {@code ckpt}
 * @param resumeMode auto, disable or the path of a checkpoint
 * @param resumeRestore names of what is restored when the run is resumed: {@link ResumePart}
 * @param eval section {@code eval}
 */
public record TrainingSettings(
        List<PhaseSettings> phases,
        TeacherSettings teacher,
        LearnerSettings learner,
        BufferSettings buffer,
        CheckpointSettings ckpt,
        String resumeMode,
        List<String> resumeRestore,
        EvaluationSettings eval) {
    public TrainingSettings {
        phases = List.copyOf(phases);
        resumeRestore = List.copyOf(resumeRestore);
        ResumePart.parse(resumeRestore);
        if (phases.isEmpty()) {
            throw new IllegalArgumentException(
                    "phases is empty: name at least one, such as {objective: ntp, steps: 100}");
        }
        for (PhaseSettings phase : phases.subList(0, phases.size() - 1)) {
            if (phase.steps() == null) {
                throw new IllegalArgumentException("phases: '" + phase.objective()
                        + "' has no 'steps', so the phases after it would never begin; only the last may be endless");
            }
        }
    }

    /**
     * Section {@code teacher}.
     *
     * @param emaDecay share of the teacher that each step keeps; the rest moves to the policy
     */
    public record TeacherSettings(double emaDecay) {
        public TeacherSettings {
            Check.that("teacher.ema_decay", emaDecay, emaDecay >= 0 && emaDecay <= 1, "0 to 1");
        }
    }
}
