package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Experience;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import io.foretell.huggingface.RandomWeights;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.losses.ClippedSurrogate;
import io.foretell.losses.LossAggregation;
import io.foretell.losses.PolicyGradientLoss;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyTest {
    @TempDir
    Path folder;

    private Policy fresh(String type) throws Exception {
        Path tokenizer = Files.write(folder.resolve("bytes.json"), TokenizerFiles.bytes());
        Path model = folder.resolve("model-" + type);
        RandomWeights.write(model, ModelConfig.ofSize(type, "micro", 259), tokenizer, 7);
        return Policy.open(model, new PolicyOptions(1, 4096));
    }

    @Test
    void samplesAreScoredAsTheyWereSampled() throws Exception {
        for (String type : List.of("qwen3", "qwen2", "llama")) {
            try (Policy policy = fresh(type)) {
                TokenArray shorter = policy.tokenizer().encode("ab");
                TokenArray longer = policy.tokenizer().encode("a longer prompt");
                List<List<Completion>> groups = policy.generate(List.of(
                        new GenerationRequest(shorter, List.of(1L, 2L), SamplingParameters.plain(1f, 0, 12, -1)),
                        new GenerationRequest(longer, List.of(3L, 4L), SamplingParameters.plain(1f, 0, 9, -1))));
                for (int g = 0; g < 2; g++) {
                    TokenArray prompt = g == 0 ? shorter : longer;
                    for (Completion sample : groups.get(g)) {
                        Score score = policy.score(PolicyRole.LIVE, List.of(new ScoreRequest(prompt, sample.tokens())))
                                .get(0);
                        for (int t = 0; t < sample.tokens().length(); t++) {
                            assertThat(score.logProbs().at(t))
                                    .isCloseTo(sample.logProbs().at(t), within(1e-4f));
                        }
                    }
                }
            }
        }
    }

    @Test
    void trainingOnOneSentenceLowersItsLoss() throws Exception {
        try (Policy policy = fresh("qwen3")) {
            TokenArray text = policy.tokenizer().encodeDocument("the cat sat on the mat");
            assertThat(policy.tokenizer().decode(text)).isEqualTo("the cat sat on the mat<|endoftext|>");
            List<Experience> batch = List.of(Experience.nextToken(text, 1, java.util.Set.of()));
            policy.startTraining();
            double first = Double.NaN;
            double last = Double.NaN;
            for (int step = 0; step < 40; step++) {
                MicroBatchResult result = policy.accumulate(
                        batch,
                        LossAggregation.SEQ_MEAN_TOKEN_MEAN.weights(batch),
                        LossAggregation.nextTokenWeights(batch),
                        PolicyGradientLoss.of(new ClippedSurrogate(0.2, 0.2)),
                        false);
                policy.step(new OptimizerSettings(1e-2, 0.9, 0.95, 1e-8, 0, 1, 0.9));
                first = step == 0 ? result.loss() : first;
                last = result.loss();
            }
            assertThat(first).isCloseTo(Math.log(259), within(0.3));
            assertThat(last).isLessThan(1.0);
        }
    }

    @Test
    void aStepWithoutGradientsFailsAndLeavesThePolicyUsable() throws Exception {
        try (Policy policy = fresh("llama")) {
            policy.startTraining();
            assertThatThrownBy(() -> policy.step(new OptimizerSettings(1e-2, 0.9, 0.95, 1e-8, 0, 1, 0.9)))
                    .isInstanceOf(PolicyException.class)
                    .hasMessageContaining("there is no gradient");
            TokenArray text = policy.tokenizer().encode("ab");
            assertThat(policy.score(PolicyRole.LIVE, List.of(new ScoreRequest(text, text))))
                    .hasSize(1);
        }
    }

    @Test
    void anotherThreadThanTheOwnerIsRefused() throws Exception {
        try (Policy policy = fresh("llama")) {
            CompletableFuture<Void> stranger = CompletableFuture.runAsync(policy::startTraining);
            assertThatThrownBy(stranger::get).hasRootCauseInstanceOf(IllegalStateException.class);
        }
    }
}
