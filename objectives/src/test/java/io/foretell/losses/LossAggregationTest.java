package io.foretell.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.TokenArray;
import io.foretell.objectives.Fixtures;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LossAggregationTest {
    /** Sequences with random masks; some have no policy-gradient token, some no next-token term. */
    private static List<Experience> step(Random random) {
        List<Experience> step = new ArrayList<>();
        int size = 1 + random.nextInt(8);
        for (int i = 0; i < size; i++) {
            int length = 2 + random.nextInt(12);
            float[] mask = new float[length];
            float[] ce = new float[length];
            boolean sampled = random.nextInt(4) != 0;
            boolean plain = random.nextInt(3) == 0;
            for (int t = 1; t < length; t++) {
                mask[t] = sampled && random.nextBoolean() ? 1 : 0;
                ce[t] = plain && random.nextBoolean() ? 0.25f * (1 + random.nextInt(4)) : 0;
            }
            FloatArray zeros = FloatArray.zeros(length);
            step.add(new Experience(
                    Fixtures.counting(length), zeros, FloatArray.of(mask), zeros, FloatArray.of(ce), 1f, -1));
        }
        return step;
    }

    private static double sum(List<float[]> weights) {
        double sum = 0;
        for (float[] sequence : weights) {
            for (float weight : sequence) {
                sum += weight;
            }
        }
        return sum;
    }

    @ParameterizedTest
    @EnumSource(names = {"SEQ_MEAN_TOKEN_MEAN", "TOKEN_MEAN"})
    void weightsSumToOneWhereverAnythingIsTrained(LossAggregation aggregation) {
        for (long seed = 0; seed < 200; seed++) {
            List<Experience> step = step(new Random(seed));
            boolean trained = step.stream().anyMatch(e -> e.lossMask().sum() > 0);

            assertThat(sum(aggregation.weights(step))).as("seed %d", seed).isCloseTo(trained ? 1 : 0, within(1e-5));
        }
    }

    @ParameterizedTest
    @EnumSource(LossAggregation.class)
    void theWeightedSumIsTheMeanItIsNamedAfter(LossAggregation aggregation) {
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            List<Experience> step = step(random);
            List<double[]> losses = step.stream()
                    .map(e -> random.doubles(e.tokens().length(), -2, 2).toArray())
                    .toList();
            List<float[]> weights = aggregation.weights(step, 7);
            double weighted = 0;
            for (int i = 0; i < losses.size(); i++) {
                for (int t = 0; t < losses.get(i).length; t++) {
                    weighted += losses.get(i)[t] * weights.get(i)[t];
                }
            }

            double naive = switch (aggregation) {
                case TOKEN_MEAN -> tokenMean(step, losses);
                case SEQ_MEAN_TOKEN_MEAN -> meanOf(step, losses, LossAggregationTest::mean);
                case SEQ_MEAN_TOKEN_SUM -> meanOf(step, losses, LossAggregationTest::sumOf);
                case SEQ_MEAN_TOKEN_SUM_NORM -> meanOf(step, losses, own -> sumOf(own) / 7);
            };
            assertThat(weighted).as("seed %d", seed).isCloseTo(naive, within(1e-5));
        }
    }

    private static double tokenMean(List<Experience> step, List<double[]> losses) {
        List<Double> trained = new ArrayList<>();
        for (int i = 0; i < losses.size(); i++) {
            trained.addAll(trained(step.get(i), losses.get(i)));
        }
        return mean(trained);
    }

    private static double meanOf(
            List<Experience> step, List<double[]> losses, ToDoubleFunction<List<Double>> ofSequence) {
        List<Double> each = new ArrayList<>();
        for (int i = 0; i < losses.size(); i++) {
            List<Double> trained = trained(step.get(i), losses.get(i));
            if (!trained.isEmpty()) {
                each.add(ofSequence.applyAsDouble(trained));
            }
        }
        return mean(each);
    }

    private static double sumOf(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).sum();
    }

    private static List<Double> trained(Experience experience, double[] losses) {
        List<Double> trained = new ArrayList<>();
        for (int t = 0; t < losses.length; t++) {
            if (experience.lossMask().at(t) == 1) {
                trained.add(losses[t]);
            }
        }
        return trained;
    }

    private static double mean(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).average().orElse(0);
    }

    @Test
    void nextTokenTermsHaveADenominatorOfTheirOwn() {
        for (long seed = 0; seed < 200; seed++) {
            List<Experience> step = step(new Random(seed));
            List<Double> coefficients = new ArrayList<>();
            for (Experience experience : step) {
                for (float weight : experience.ceWeights().toArray()) {
                    if (weight != 0) {
                        coefficients.add((double) weight);
                    }
                }
            }

            assertThat(sum(LossAggregation.nextTokenWeights(step)))
                    .as("seed %d", seed)
                    .isCloseTo(mean(coefficients), within(1e-5));
        }
    }

    @Test
    void policyGradientTokensDoNotDiluteNextTokenTerms() {
        FloatArray zeros = FloatArray.zeros(3);
        FloatArray both = FloatArray.of(0, 1, 1);
        Experience plain = new Experience(TokenArray.of(1, 2, 3), zeros, zeros, zeros, both, 1f, -1);
        Experience sampled = new Experience(TokenArray.of(1, 2, 3), zeros, both, zeros, zeros, 1f, -1);

        assertThat(LossAggregation.nextTokenWeights(List.of(plain)).get(0)).containsExactly(0, 0.5f, 0.5f);
        assertThat(LossAggregation.nextTokenWeights(List.of(plain, sampled, sampled))
                        .get(0))
                .containsExactly(0, 0.5f, 0.5f);
        assertThat(LossAggregation.TOKEN_MEAN.weights(List.of(plain, sampled)).get(1))
                .containsExactly(0, 0.5f, 0.5f);
    }

    @Test
    void namesOfTheConfigurationAreUnderstoodAndOthersNamed() {
        assertThat(LossAggregation.parse("token-mean")).isEqualTo(LossAggregation.TOKEN_MEAN);
        assertThat(LossAggregation.parse("seq-mean-token-mean")).isEqualTo(LossAggregation.SEQ_MEAN_TOKEN_MEAN);
        assertThat(LossAggregation.parse("seq-mean-token-sum")).isEqualTo(LossAggregation.SEQ_MEAN_TOKEN_SUM);
        assertThat(LossAggregation.parse("seq-mean-token-sum-norm")).isEqualTo(LossAggregation.SEQ_MEAN_TOKEN_SUM_NORM);
        assertThatThrownBy(() -> LossAggregation.parse("mean")).hasMessageContaining("learner.loss_agg_mode is 'mean'");
    }
}
