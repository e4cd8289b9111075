package io.foretell.learner;

import java.util.ArrayList;
import java.util.List;

/** Says what one step is made of, so that nobody has to guess. Pure functions. */
public final class BatchDescription {
    private BatchDescription() {}

    /** One sentence per phase, joined. */
    public static String sentence(TrainingPlan run) {
        return String.join("; ", lines(run, -1, -1, -1));
    }

    /**
     * One line per phase.
     *
     * @param groupSize rollouts per task, or -1 when not known here
     * @param maxPrompt most prompt tokens, or -1
     * @param maxResponse most response tokens, or -1
     */
    public static List<String> lines(TrainingPlan run, int groupSize, int maxPrompt, int maxResponse) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < run.phases().size(); i++) {
            PhaseSettings phase = run.phases().get(i);
            int prompts = run.settings().batch().promptsPerStep();
            boolean sampled = run.objectives().get(i).isSampled();
            StringBuilder line = new StringBuilder("phase ")
                    .append(i)
                    .append(' ')
                    .append(phase.objective())
                    .append(": ")
                    .append(phase.steps() == null ? "endless" : phase.steps() + " steps")
                    .append(" × ")
                    .append(prompts)
                    .append(" tasks");
            if (sampled && groupSize > 0) {
                int rollouts = run.objectives().get(i).maxRollouts(groupSize);
                line.append(rollouts == groupSize ? " × " : " × at most ").append(rollouts);
                line.append(" rollouts = ").append(prompts * rollouts);
                line.append(" sequences of at most ")
                        .append(maxPrompt + 1 + maxResponse)
                        .append(" tokens");
            }
            int updates = run.settings().batch().ppoEpochs()
                    * (prompts / run.settings().batch().miniBatch());
            line.append(", ").append(updates).append(" optimizer step(s) per batch");
            lines.add(line.toString());
        }
        return lines;
    }
}
