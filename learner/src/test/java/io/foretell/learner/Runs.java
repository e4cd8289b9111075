package io.foretell.learner;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.foretell.domain.Tokenizer;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.RandomWeights;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.objectives.Objective;
import io.foretell.objectives.ObjectiveSettings;
import io.foretell.objectives.Objectives;
import io.foretell.platform.Configuration;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyOptions;
import io.foretell.sources.ChainCorpus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Settings, runs and micro policies for tests. */
public final class Runs {
    private Runs() {}

    /** What tests change of the defaults: small steps that change something, and a guard that sees few of them. */
    private static final List<String> SMALL = List.of(
            "learner={prompts_per_step: 4, learning_rate: 1e-3, min_lr_ratio: 0, weight_decay: 0.1}",
            "learner={max_tokens_per_micro_batch: 4096, kl_loss_coef: 0.1, kl_loss_type: k3+}",
            "learner={schedule: {constant_ratio: 1, anneal_steps: 10}, batch_guard: {window: 8, max_consecutive: 2}}",
            "teacher.ema_decay=0.99",
            "ckpt={interval: 100, keep_last: 2, timeout: 1m}",
            "eval={interval: 0, documents: 8, samples: 2}");

    /** Of the configuration only the sections about training. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Sections(@JsonUnwrapped TrainingSettings training) {}

    /** @param overrides such as {@code learner.ppo_epochs=2} */
    static TrainingSettings training(String... overrides) {
        List<String> all = new ArrayList<>(SMALL);
        all.addAll(List.of(overrides));
        return Configuration.load(
                        new Configuration.Defaults("defaults.yaml", Map.of()), null, all, Map.of(), Sections.class)
                .values()
                .training();
    }

    /** @param overrides keys of section {@code learner}, such as {@code ppo_epochs=2} */
    public static LearnerSettings settings(String... overrides) {
        return training(Arrays.stream(overrides).map("learner."::concat).toArray(String[]::new))
                .learner();
    }

    /** A run of these phases; only the names of their objectives matter. */
    static TrainingPlan run(HuggingFaceTokenizer tokenizer, String... overrides) {
        TrainingSettings training = training(overrides);
        return new TrainingPlan(
                new TrainingPlan.Identity("test", Path.of("runs/test"), Path.of("origin"), 7),
                training,
                training.phases().stream()
                        .map(phase -> objective(phase.objective(), tokenizer, Map.of()))
                        .toList(),
                new TrainingPlan.RewardShaping(false, null),
                false,
                4,
                Long.MAX_VALUE,
                new PolicyOptions(1, 2048));
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
