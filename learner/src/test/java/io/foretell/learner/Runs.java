package io.foretell.learner;

import io.foretell.domain.Tokenizer;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.RandomWeights;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.learner.buffer.BufferSettings;
import io.foretell.learner.checkpoint.CheckpointSettings;
import io.foretell.learner.checkpoint.ResumePart;
import io.foretell.learner.evaluation.EvaluationSettings;
import io.foretell.objectives.Objective;
import io.foretell.objectives.ObjectiveSettings;
import io.foretell.objectives.Objectives;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyOptions;
import io.foretell.sources.ChainCorpus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Settings, runs and micro policies for tests. */
public final class Runs {
    private Runs() {}

    static final RolloutCorrectionSettings BYPASS = new RolloutCorrectionSettings(true, "none", 2, "none", 2, null);

    static final ScheduleSettings SCHEDULE = new ScheduleSettings(0, 1, 10, 0);
    static final BatchGuardSettings UNGUARDED = new BatchGuardSettings(null, 8, 2);
    static final KlControlSettings FIXED_KL = new KlControlSettings("fixed", 0.001, 10_000, 0.1);

    public static LearnerSettings settings(String advEstimator, int epochs, int maxTokensPerMicroBatch) {
        return settings(advEstimator, epochs, maxTokensPerMicroBatch, "vanilla", 0, false, BYPASS);
    }

    static LearnerSettings settings(
            String advEstimator,
            int epochs,
            int maxTokensPerMicroBatch,
            String lossMode,
            double entropyCoeff,
            boolean useKlLoss,
            RolloutCorrectionSettings correction) {
        return settings(
                advEstimator,
                epochs,
                maxTokensPerMicroBatch,
                lossMode,
                entropyCoeff,
                useKlLoss,
                correction,
                null,
                UNGUARDED);
    }

    static LearnerSettings settings(
            String advEstimator,
            int epochs,
            int maxTokensPerMicroBatch,
            String lossMode,
            double entropyCoeff,
            boolean useKlLoss,
            RolloutCorrectionSettings correction,
            @Nullable Integer miniBatch,
            BatchGuardSettings guard) {
        return settings(
                advEstimator,
                epochs,
                maxTokensPerMicroBatch,
                lossMode,
                entropyCoeff,
                useKlLoss,
                correction,
                miniBatch,
                guard,
                null,
                "kl");
    }

    /** With the divergence in the reward. */
    static LearnerSettings settings(
            int maxTokensPerMicroBatch,
            RolloutCorrectionSettings correction,
            KlControlSettings klInReward,
            String klPenalty) {
        return settings(
                "rloo",
                1,
                maxTokensPerMicroBatch,
                "vanilla",
                0,
                false,
                correction,
                null,
                UNGUARDED,
                klInReward,
                klPenalty);
    }

    private static LearnerSettings settings(
            String advEstimator,
            int epochs,
            int maxTokensPerMicroBatch,
            String lossMode,
            double entropyCoeff,
            boolean useKlLoss,
            RolloutCorrectionSettings correction,
            @Nullable Integer miniBatch,
            BatchGuardSettings guard,
            @Nullable KlControlSettings klInReward,
            String klPenalty) {
        return new LearnerSettings(
                4,
                1e-3,
                "constant",
                0,
                0,
                0.9,
                0.95,
                1e-8,
                0.1,
                1,
                epochs,
                0.2,
                0.2,
                lossMode,
                "seq-mean-token-mean",
                advEstimator,
                4,
                maxTokensPerMicroBatch,
                false,
                null,
                null,
                entropyCoeff,
                useKlLoss,
                0.1,
                "k3+",
                correction,
                new LearnerSettings.FilterGroups(false),
                miniBatch,
                SCHEDULE,
                guard,
                klInReward != null,
                klPenalty,
                klInReward == null ? FIXED_KL : klInReward,
                Duration.ofHours(1));
    }

    static PhaseSettings phase(String objective, Integer steps) {
        return new PhaseSettings(objective, steps, null, null, null, null, null);
    }

    /** A run of these phases; only the names of their objectives matter. */
    static TrainingPlan run(HuggingFaceTokenizer tokenizer, int epochs, PhaseSettings... phases) {
        return run(tokenizer, epochs, BufferSettings.DEFAULT, phases);
    }

    static TrainingPlan run(
            HuggingFaceTokenizer tokenizer, int epochs, BufferSettings buffer, PhaseSettings... phases) {
        List<Objective> objectives = java.util.Arrays.stream(phases)
                .map(phase -> objective(phase.objective(), tokenizer, Map.of()))
                .toList();
        return new TrainingPlan(
                "test",
                Path.of("runs/test"),
                Path.of("origin"),
                List.of(phases),
                objectives,
                settings("rloo", epochs, 4096),
                buffer,
                new EvaluationSettings(0, true, 8, 2, List.of()),
                0.99,
                false,
                null,
                false,
                new CheckpointSettings(100, 2, true, Duration.ofMinutes(1), 0),
                4,
                "auto",
                Set.of(ResumePart.values()),
                Long.MAX_VALUE,
                new PolicyOptions(1, 2048),
                7);
    }

    public static Objective objective(String name, Tokenizer tokenizer, Map<String, Object> options) {
        return Objectives.builtIn().create(name, new ObjectiveSettings(tokenizer, 4, 1f, 24, 6, options));
    }

    public static Path tokenizerFile(Path folder) {
        try {
            Files.createDirectories(folder);
            return Files.write(folder.resolve("tokenizer.json"), TokenizerFiles.words(ChainCorpus.vocabulary()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** One layer over the words of the chain corpus; the same seed gives the same weights. */
    public static Policy policy(Path folder, long seed) {
        Path tokenizer = tokenizerFile(folder.resolve("origin"));
        int words = ChainCorpus.vocabulary().size() + 5; // <unk> and four special tokens
        ModelConfig config = new ModelConfig("qwen3", 16, 1, 2, 1, 8, 24, words, 64, 1e-6, 10_000, true);
        Path model = folder.resolve("model-" + seed);
        RandomWeights.write(model, config, tokenizer, seed, 0.3);
        return Policy.open(model, new PolicyOptions(1, 2048));
    }
}
