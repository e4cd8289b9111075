package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Experience;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.Rollout;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.RandomWeights;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.losses.LossAggregation;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PrecisionTest {
    private static final int GROUPS = 100;

    @TempDir
    Path folder;

    private Policy open(Precision precision, PolicyOptions.Use use) {
        return Policy.open(folder, TestModels.ONE_THREAD.with(precision).with(use));
    }

    /** A fresh model as training starts from one: peaked test models would measure their own sharpness. */
    private void write() {
        RandomWeights.write(folder, ModelConfig.ofSize("qwen3", "nano", 263), tokenizer(), 3);
    }

    private Path tokenizer() {
        Path file = folder.resolve("bytes-tokenizer.json");
        try {
            java.nio.file.Files.write(file, TokenizerFiles.bytes());
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
        return file;
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void samplerAndLearnerAgreeOnTheSameWeights(Precision precision) {
        write();
        double mean = 0;
        double worst = 0;
        try (Policy learner = open(precision, PolicyOptions.Use.TRAINING);
                Policy sampler = open(precision, PolicyOptions.Use.SAMPLING)) {
            Random random = new Random(61);
            learner.startTraining();
            for (int g = 0; g < GROUPS; g++) {
                TokenArray prompt = TokenArray.of(
                        random.ints(1 + random.nextInt(24), 0, 259).toArray());
                List<Long> seeds = LongStream.range(8L * g, 8L * g + 8).boxed().toList();
                List<Experience> batch = new ArrayList<>();
                for (Completion sample : sampler.generate(
                                List.of(new GenerationRequest(prompt, seeds, SamplingParameters.plain(1, 0, 24, -1))))
                        .get(0)) {
                    batch.add(Experience.policyGradient(prompt, rollout(sample), 1, -1));
                }
                MicroBatchResult result = learner.accumulate(
                        batch,
                        LossAggregation.TOKEN_MEAN.weights(batch),
                        LossAggregation.nextTokenWeights(batch),
                        TestBatches.CLIP,
                        false);
                for (SequenceStatistics sequence : result.sequences()) {
                    mean += sequence.absoluteDifferenceMean()
                            / result.sequences().size()
                            / GROUPS;
                    worst = Math.max(worst, sequence.absoluteDifferenceMax());
                }
                learner.discardGradients();
            }
        }
        System.out.printf(
                "%s: sampler and learner differ by %.1e in the mean, %.1e at most%n", precision.text(), mean, worst);
        if (precision == Precision.FLOAT32) {
            assertThat(worst).isLessThan(precision.tolerance());
        } else {
            assertThat(mean).isLessThan(precision.tolerance());
        }
    }

    private static Rollout rollout(Completion sample) {
        return new Rollout(
                0, 1, sample.tokens(), sample.logProbs(), 0, 1, sample.seed(), FinishReason.LENGTH, sample.versions());
    }

    @ParameterizedTest
    @CsvSource({"BFLOAT16, 0.02", "FP8_EMULATED, 0.2"})
    void lessPrecisionIsCloseToTheFull(Precision precision, double nats) {
        write();
        TokenArray text = TestModels.tokens(new Random(62), 40);
        List<ScoreRequest> requests = List.of(new ScoreRequest(text.slice(0, 1), text.slice(1, 40)));
        FloatArray full;
        try (Policy policy = open(Precision.FLOAT32, PolicyOptions.Use.TRAINING)) {
            full = policy.score(PolicyRole.LIVE, requests).get(0).logProbs();
        }
        try (Policy policy = open(precision, PolicyOptions.Use.SCORING)) {
            FloatArray coarse = policy.score(PolicyRole.LIVE, requests).get(0).logProbs();
            assertThat(coarse).isNotEqualTo(full);
            for (int t = 0; t < full.length(); t++) {
                assertThat((double) coarse.at(t)).isCloseTo(full.at(t), within(nats));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void everyPrecisionLearnsAText(Precision precision) {
        write();
        try (Policy policy = open(precision, PolicyOptions.Use.TRAINING)) {
            TokenArray text = policy.tokenizer().encode("the cat sat on the mat and the cat sat on the mat");
            List<Experience> batch = List.of(Experience.nextToken(text, 1, java.util.Set.of()));
            policy.startTraining();
            List<Double> losses = new ArrayList<>();
            for (int step = 0; step < 30; step++) {
                losses.add(policy.accumulate(
                                batch,
                                LossAggregation.TOKEN_MEAN.weights(batch),
                                LossAggregation.nextTokenWeights(batch),
                                TestBatches.CLIP,
                                step % 2 == 0)
                        .loss());
                policy.step(new OptimizerSettings(3e-3, 0.9, 0.95, 1e-8, 0, 1, 0.9));
            }
            assertThat(losses.get(29)).as("losses %s", losses).isLessThan(0.6 * losses.get(0));
        }
    }

    @Test
    void aPolicyThatOnlySamplesScoresLikeOneThatLearnsAndKeepsNoWeights() {
        write();
        TokenArray text = TestModels.tokens(new Random(63), 20);
        List<ScoreRequest> requests = List.of(new ScoreRequest(text.slice(0, 1), text.slice(1, 20)));
        try (Policy learner = open(Precision.FLOAT32, PolicyOptions.Use.TRAINING);
                Policy scorer = open(Precision.FLOAT32, PolicyOptions.Use.SCORING)) {
            for (PolicyRole weights : PolicyRole.values()) {
                assertThat(scorer.score(weights, requests)).isEqualTo(learner.score(weights, requests));
            }
            assertThatThrownBy(() -> scorer.weights(PolicyRole.LIVE)).isInstanceOf(IllegalStateException.class);
        }
    }
}
