package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Experience;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.Rollout;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ModelConfig;
import io.foretell.losses.LossAggregation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainingTest {
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.95;
    private static final double EPSILON = 1e-8;

    @TempDir
    Path folder;

    private Policy open(ModelConfig config) {
        return Policy.open(TestModels.write(folder.resolve("model"), config, 21), TestModels.ONE_THREAD);
    }

    @ParameterizedTest
    @CsvSource({"qwen3,true", "qwen2,false", "llama,true"})
    void gradientsAreFiniteDifferencesOfTheLoss(String modelType, boolean tied) {
        ModelConfig config = TestModels.config(modelType, 2, tied);
        Random random = new Random(22);
        try (Policy policy = open(config)) {
            ReferenceDecoder decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
            List<Experience> batch = TestBatches.mixed(decoder, random, 5);
            List<float[]> pg = LossAggregation.SEQ_MEAN_TOKEN_MEAN.weights(batch);
            List<float[]> ce = LossAggregation.nextTokenWeights(batch);
            List<ReferenceLoss.Tokens> frozen = ReferenceLoss.tokens(decoder, batch, pg);
            ReferenceLoss.Formula clipped = ReferenceLoss.clipped(0.2, 0.3);
            policy.startTraining();
            MicroBatchResult result = policy.accumulate(batch, pg, ce, TestBatches.CLIP, false);
            assertThat(result.loss())
                    .isCloseTo(ReferenceLoss.of(decoder, batch, pg, ce, clipped, frozen, frozen), within(1e-5));
            assertThat(result.sequences())
                    .anyMatch(sequence -> sequence.clipFraction() > 0)
                    .anyMatch(sequence -> sequence.clipFraction() < 1);
            List<float[]> gradients = Gradients.take(policy, folder);
            double worst = 0;
            for (int i = 0; i < gradients.size(); i++) {
                String name = config.parameters().get(i).name();
                double[] weight = decoder.weight(name);
                double largest = largest(gradients.get(i));
                assertThat(largest).as("gradient of %s", name).isGreaterThan(0);
                for (int sample = 0; sample < 12; sample++) {
                    int at = random.nextInt(weight.length);
                    double kept = weight[at];
                    double h = 1e-6;
                    weight[at] = kept + h;
                    double above = ReferenceLoss.of(decoder, batch, pg, ce, clipped, frozen, frozen);
                    weight[at] = kept - h;
                    double below = ReferenceLoss.of(decoder, batch, pg, ce, clipped, frozen, frozen);
                    weight[at] = kept;
                    double expected = (above - below) / (2 * h);
                    worst = Math.max(worst, Math.abs(gradients.get(i)[at] - expected) / largest);
                    assertThat((double) gradients.get(i)[at])
                            .as("%s[%d] of a tensor with gradients up to %f", name, at, largest)
                            .isCloseTo(expected, within(1e-4 * largest));
                }
            }
            System.out.printf("%s: gradients within %.1e of each tensor's largest%n", modelType, worst);
        }
    }

    @Test
    void threeStepsFollowTheFormulasOfAdamWAndOfTheTeacher() {
        ModelConfig config = TestModels.config("qwen2", 1, false);
        OptimizerSettings settings = new OptimizerSettings(0.01, BETA1, BETA2, EPSILON, 0.1, 0.5, 0.999);
        Random random = new Random(23);
        try (Policy policy = open(config)) {
            ReferenceDecoder decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
            List<Experience> batch = TestBatches.mixed(decoder, random, 3);
            List<double[]> weights = wide(policy.weights(PolicyRole.LIVE));
            List<double[]> teacher = wide(policy.weights(PolicyRole.TEACHER));
            List<double[]> first = zeros(weights);
            List<double[]> second = zeros(weights);
            policy.startTraining();
            double worst = 0;
            for (int step = 1; step <= 3; step++) {
                List<float[]> gradients = gradientsAt(policy.weights(PolicyRole.LIVE), config, batch);
                double norm = Gradients.norm(gradients);
                assertThat(norm).as("clipping matters").isGreaterThan(settings.maxGradNorm());
                TestBatches.accumulate(policy, batch, 0, batch.size());
                assertThat(policy.step(settings)).isCloseTo(norm, within(1e-5 * norm));
                for (int i = 0; i < weights.size(); i++) {
                    boolean decays = config.parameters().get(i).shape().size() > 1;
                    float[] found = policy.weights(PolicyRole.LIVE).get(i);
                    float[] average = policy.weights(PolicyRole.TEACHER).get(i);
                    for (int j = 0; j < found.length; j++) {
                        double g = gradients.get(i)[j] * Math.min(1, settings.maxGradNorm() / (norm + 1e-6));
                        first.get(i)[j] = BETA1 * first.get(i)[j] + (1 - BETA1) * g;
                        second.get(i)[j] = BETA2 * second.get(i)[j] + (1 - BETA2) * g * g;
                        double m = first.get(i)[j] / (1 - Math.pow(BETA1, step));
                        double v = second.get(i)[j] / (1 - Math.pow(BETA2, step));
                        double decayed = weights.get(i)[j] * (decays ? 1 - 0.01 * 0.1 : 1);
                        weights.get(i)[j] = decayed - 0.01 * m / (Math.sqrt(v) + EPSILON);
                        teacher.get(i)[j] += (1 - 0.999) * (weights.get(i)[j] - teacher.get(i)[j]);
                        worst = Math.max(worst, Math.abs(found[j] - weights.get(i)[j]));
                        String name = config.parameters().get(i).name() + "[" + j + "] after step " + step;
                        assertThat((double) found[j]).as(name).isCloseTo(weights.get(i)[j], near(weights.get(i)[j]));
                        assertThat((double) average[j])
                                .as("teacher's %s", name)
                                .isCloseTo(teacher.get(i)[j], near(teacher.get(i)[j]));
                    }
                }
            }
            System.out.printf("AdamW: weights within %.1e of the formula after 3 steps%n", worst);
        }
    }

    private static org.assertj.core.data.Offset<Double> near(double expected) {
        return within(1e-5 * Math.abs(expected) + 1e-7);
    }

    private List<float[]> gradientsAt(List<float[]> weights, ModelConfig config, List<Experience> batch) {
        Path copy = TestModels.write(folder.resolve("copy"), config, weights);
        try (Policy policy = Policy.open(copy, TestModels.ONE_THREAD)) {
            policy.startTraining();
            TestBatches.accumulate(policy, batch, 0, batch.size());
            return Gradients.take(policy, folder);
        }
    }

    @Test
    void twoMicroBatchesAreOneBatch() {
        ModelConfig config = TestModels.config("qwen3", 1, true);
        try (Policy policy = open(config)) {
            ReferenceDecoder decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
            List<Experience> batch = TestBatches.mixed(decoder, new Random(24), 6);
            policy.startTraining();
            MicroBatchResult whole = TestBatches.accumulate(policy, batch, 0, 6);
            List<float[]> together = Gradients.take(policy, folder);
            policy.startTraining();
            MicroBatchResult left = TestBatches.accumulate(policy, batch, 0, 2);
            MicroBatchResult right = TestBatches.accumulate(policy, batch, 2, 6);
            List<float[]> apart = Gradients.take(policy, folder);
            assertThat(left.loss() + right.loss()).isCloseTo(whole.loss(), within(1e-5));
            for (int i = 0; i < together.size(); i++) {
                double largest = largest(together.get(i));
                for (int j = 0; j < together.get(i).length; j++) {
                    assertThat((double) apart.get(i)[j]).isCloseTo(together.get(i)[j], within(1e-5 * largest));
                }
            }
        }
    }

    @Test
    void logProbsAreThoseOfTheSampledDistributionAndLeaveGradientsAlone() {
        ModelConfig config = TestModels.config("qwen3", 2, true);
        try (Policy policy = open(config)) {
            ReferenceDecoder decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
            List<Experience> batch = TestBatches.mixed(decoder, new Random(28), 5);
            policy.startTraining();
            TestBatches.accumulate(policy, batch, 0, 5);
            List<float[]> expected = Gradients.take(policy, folder);
            policy.startTraining();
            TestBatches.accumulate(policy, batch, 0, 5);

            List<double[]> found = policy.logProbs(PolicyRole.TEACHER, batch);

            for (int b = 0; b < batch.size(); b++) {
                Experience experience = batch.get(b);
                double[][] logits = decoder.logits(experience.tokens().toArray());
                int next = 0;
                for (int t = 1; t < experience.tokens().length(); t++) {
                    if (experience.lossMask().at(t) != 0) {
                        int forbidden = next == 0 ? experience.forbiddenFirst() : -1;
                        double own = ReferenceDecoder.logProb(
                                logits[t - 1], experience.tokens().at(t), experience.temperature(), forbidden);
                        assertThat(found.get(b)[next++]).isCloseTo(own, within(1e-5));
                    }
                }
                assertThat(found.get(b)).hasSize(next);
            }
            List<float[]> gradients = Gradients.take(policy, folder);
            for (int i = 0; i < gradients.size(); i++) {
                assertThat(gradients.get(i)).containsExactly(expected.get(i));
            }
            List<Experience> plain = List.of(Experience.nextToken(batch.get(0).tokens(), 0, Set.of()));
            assertThat(policy.logProbs(PolicyRole.LIVE, plain).get(0)).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY})
    void aGradientThatIsNotFiniteChangesNothing(float advantage) throws Exception {
        ModelConfig config = TestModels.config("qwen3", 1, true);
        try (Policy policy = open(config)) {
            ReferenceDecoder decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
            List<Experience> good = TestBatches.mixed(decoder, new Random(25), 2);
            OptimizerSettings settings = new OptimizerSettings(0.01, BETA1, BETA2, EPSILON, 0.1, 1, 0.9);
            policy.startTraining();
            TestBatches.accumulate(policy, good, 0, 2);
            policy.step(settings);
            policy.save(folder.resolve("before"), folder.resolve("model"));
            policy.saveOptimizer(folder.resolve("before").resolve("optimizer.safetensors"));
            Experience poisoned = good.get(0);
            float[] advantages = poisoned.advantages().toArray();
            advantages[advantages.length - 1] = advantage;
            List<Experience> bad = List.of(
                    good.get(1),
                    new Experience(
                            poisoned.tokens(),
                            FloatArray.of(advantages),
                            poisoned.lossMask(),
                            poisoned.oldLogProbs(),
                            poisoned.ceWeights(),
                            poisoned.temperature(),
                            poisoned.forbiddenFirst()));
            TestBatches.accumulate(policy, bad, 0, 2);
            assertThat(policy.step(settings)).isNotFinite();
            policy.save(folder.resolve("after"), folder.resolve("model"));
            policy.saveOptimizer(folder.resolve("after").resolve("optimizer.safetensors"));
            for (String file : List.of("model.safetensors", "ema.safetensors", "optimizer.safetensors")) {
                assertThat(Files.mismatch(
                                folder.resolve("before").resolve(file),
                                folder.resolve("after").resolve(file)))
                        .as(file)
                        .isEqualTo(-1);
            }
            TestBatches.accumulate(policy, good, 0, 2);
            assertThat(policy.step(settings)).as("the next step is clean").isFinite();
        }
    }

    /** {@code sharpness} scales the logits: at 6 the forbidden token holds nearly all of the probability. */
    @ParameterizedTest
    @CsvSource({"1,1", "0.7,1", "1,6", "0.7,6"})
    void freshSamplesHaveRatioOne(float temperature, float sharpness) {
        ModelConfig config = TestModels.config("qwen3", 2, true);
        List<float[]> weights;
        try (Policy policy = open(config)) {
            weights = new ArrayList<>(policy.weights(PolicyRole.LIVE));
        }
        float[] norm = weights.get(weights.size() - 1);
        for (int i = 0; i < norm.length; i++) {
            norm[i] *= sharpness;
        }
        Path sharp = TestModels.write(folder.resolve("sharp"), config, weights);
        try (Policy policy = Policy.open(sharp, TestModels.ONE_THREAD)) {
            ReferenceDecoder decoder = new ReferenceDecoder(config, weights);
            Random random = new Random(26);
            List<Experience> batch = new ArrayList<>();
            double held = 0;
            for (int p = 0; p < 4; p++) {
                TokenArray prompt = TestModels.tokens(random, 3 + 4 * p);
                double[] logits = decoder.logits(prompt.toArray())[prompt.length() - 1];
                int stop = IntStream.range(0, logits.length)
                        .reduce((a, b) -> logits[a] >= logits[b] ? a : b)
                        .orElseThrow();
                held = Math.max(held, Math.exp(ReferenceDecoder.logProb(logits, stop, temperature, -1)));
                List<Long> seeds =
                        LongStream.range(10L * p, 10L * p + 4).boxed().toList();
                GenerationRequest request =
                        new GenerationRequest(prompt, seeds, SamplingParameters.plain(temperature, 1, 24, stop));
                for (Completion sample : policy.generate(List.of(request)).get(0)) {
                    batch.add(Experience.policyGradient(prompt, rollout(sample, temperature), 1, stop));
                }
            }
            policy.startTraining();
            MicroBatchResult result = TestBatches.accumulate(policy, batch, 0, batch.size());
            double largest = result.sequences().stream()
                    .mapToDouble(SequenceStatistics::absoluteDifferenceMax)
                    .max()
                    .orElseThrow();
            System.out.printf(
                    "ratio 1 at temperature %.1f, forbidden token holds up to %.9f: |new - old| at most %.1e%n",
                    temperature, held, largest);
            assertThat(largest).isLessThan(1e-4);
        }
    }

    private static Rollout rollout(Completion sample, float temperature) {
        return new Rollout(
                0, 1, sample.tokens(), sample.logProbs(), 0, temperature, sample.seed(), FinishReason.STOP, List.of());
    }

    private static double largest(float[] values) {
        double largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    private static List<double[]> wide(List<float[]> values) {
        return values.stream()
                .map(narrow -> IntStream.range(0, narrow.length)
                        .mapToDouble(i -> narrow[i])
                        .toArray())
                .toList();
    }

    private static List<double[]> zeros(List<double[]> like) {
        return like.stream().map(values -> new double[values.length]).toList();
    }
}
