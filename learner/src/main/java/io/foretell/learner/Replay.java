package io.foretell.learner;

import io.foretell.domain.PublishedWeights;
import io.foretell.domain.ScoredGroup;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.FolderManifest;
import io.foretell.policy.Policy;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongFunction;

/**
 * A run's training once more, from its origin and without interruption: the same batches, schedules, teacher and
 * optimizer, and nothing else of a server. On one processor with a fixed number of threads its weights are, bit for bit,
 * those of the run, however often that was killed. Confined to one thread.
 */
public final class Replay {
    /** Told after every step, and with step 0 before the first, of the weights there are then. */
    @FunctionalInterface
    public interface Watcher {
        /** @param fingerprint of the weights, as {@link PublishedWeights#fingerprint()} */
        void weights(long step, String fingerprint);
    }

    private Replay() {}

    /**
     * Trains steps 1 to {@code steps}.
     *
     * @param batches the groups of a step
     * @param folder for the weights, which are written over at every step; at the end it has those of the last, and the
     *     optimizer as a checkpoint has it
     */
    public static void run(
            TrainingPlan run, LongFunction<List<ScoredGroup>> batches, long steps, Path folder, Watcher watcher) {
        try (Policy policy = Policy.open(run.origin(), run.policyOptions())) {
            policy.startTraining();
            TrainingStep training = new TrainingStep(policy, run.settings());
            watcher.weights(0, save(policy, run, folder));
            for (long step = 1; step <= steps; step++) {
                int phase = run.phaseOf(step);
                training.run(
                        run,
                        run.rewarded(BatchOrder.ordered(batches.apply(step)), step),
                        step,
                        run.learningRate(phase, step, Long.MAX_VALUE, -1));
                if (run.phaseOf(step + 1) != phase) {
                    policy.startTraining(); // a new phase begins with a fresh optimizer
                    training.guard().restart(List.of());
                }
                watcher.weights(step, save(policy, run, folder));
            }
            policy.saveOptimizer(folder.resolve("optimizer.safetensors"));
        }
    }

    private static String save(Policy policy, TrainingPlan run, Path folder) {
        AtomicFiles.deleteFolder(folder);
        policy.save(folder, run.origin());
        return fingerprint(folder);
    }

    /** Fingerprint of the weights in a Hugging Face folder. */
    public static String fingerprint(Path folder) {
        FolderManifest manifest = FolderManifest.of(folder);
        Map<String, String> files = new TreeMap<>();
        manifest.files().forEach((name, entry) -> files.put(name, entry.sha256()));
        return PublishedWeights.fingerprint(files);
    }
}
