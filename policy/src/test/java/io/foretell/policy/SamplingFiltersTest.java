package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ModelConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Top-k, top-p and min-p against a slow calculation of the distribution that they leave. */
class SamplingFiltersTest {
    private static final int DRAWS = 8000;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"1, 1, 7, 0", "1, 0.6, 0, 0", "1, 1, 0, 0.15", "0.7, 0.8, 20, 0.05", "1.5, 0.9, 0, 0.02"})
    void drawsFollowWhatIsLeftAndSayItsProbability(float temperature, float topP, int topK, float minP) {
        ModelConfig config = TestModels.config("llama", 2, false);
        TokenArray prompt = TestModels.tokens(new Random(51), 6);
        try (Policy policy = Policy.open(TestModels.write(folder, config, 51), TestModels.ONE_THREAD)) {
            ReferenceDecoder decoder = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
            double[][] logits = decoder.logits(prompt.toArray());
            double[] plain = softmax(logits[logits.length - 1], 1);
            double[] left = cut(softmax(logits[logits.length - 1], temperature), topP, topK, minP);
            int[] counts = new int[left.length];
            SamplingParameters sampling = new SamplingParameters(temperature, topP, topK, minP, 0, 1, List.of());
            List<Long> seeds = LongStream.range(0, DRAWS).boxed().toList();
            for (Completion sample : policy.generate(List.of(new GenerationRequest(prompt, seeds, sampling)))
                    .get(0)) {
                int token = sample.tokens().at(0);
                counts[token]++;
                assertThat(left[token]).as("token %d", token).isPositive();
                assertThat((double) sample.logProbs().at(0)).isCloseTo(Math.log(left[token]), within(1e-4));
                assertThat((double) sample.policyLogProbs().at(0)).isCloseTo(Math.log(plain[token]), within(1e-4));
            }
            assertFollows(counts, left);
        }
    }

    @Test
    void temperatureZeroTakesTheMostLikelyToken() {
        ModelConfig config = TestModels.config("qwen3", 2, true);
        TokenArray prompt = TestModels.tokens(new Random(52), 6);
        try (Policy policy = Policy.open(TestModels.write(folder, config, 52), TestModels.ONE_THREAD)) {
            double[][] logits = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE)).logits(prompt.toArray());
            double[] p = softmax(logits[logits.length - 1], 1);
            int best = IntStream.range(0, p.length)
                    .boxed()
                    .max(Comparator.comparingDouble(v -> p[v]))
                    .orElseThrow();
            Completion sample = policy.generate(
                            List.of(new GenerationRequest(prompt, List.of(9L), SamplingParameters.plain(0, 0, 1, -1))))
                    .get(0)
                    .get(0);
            assertThat(sample.tokens()).isEqualTo(TokenArray.of(best));
            assertThat(sample.logProbs().at(0)).isZero();
            assertThat((double) sample.policyLogProbs().at(0)).isCloseTo(Math.log(p[best]), within(1e-4));
        }
    }

    private static double[] softmax(double[] logits, double temperature) {
        double top = Arrays.stream(logits).max().orElseThrow();
        double[] p = Arrays.stream(logits)
                .map(logit -> Math.exp((logit - top) / temperature))
                .toArray();
        double sum = Arrays.stream(p).sum();
        return Arrays.stream(p).map(each -> each / sum).toArray();
    }

    /** Top-k first; top-p and min-p on what that leaves, renormalised. */
    private static double[] cut(double[] p, double topP, int topK, double minP) {
        List<Integer> order = IntStream.range(0, p.length)
                .boxed()
                .sorted(Comparator.comparingDouble(v -> -p[v]))
                .limit(topK > 0 ? topK : p.length)
                .toList();
        double kept = order.stream().mapToDouble(v -> p[v]).sum();
        double[] left = new double[p.length];
        double before = 0;
        for (int v : order) {
            double share = p[v] / kept;
            if (before <= topP && share >= minP * p[order.get(0)] / kept) {
                left[v] = share;
            }
            before += share;
        }
        double sum = Arrays.stream(left).sum();
        return Arrays.stream(left).map(each -> each / sum).toArray();
    }

    /** Chi-square over tokens expected at least five times, the rest together; far beyond the 99.99 % point it fails. */
    private static void assertFollows(int[] counts, double[] p) {
        double statistic = 0;
        int cells = 0;
        double rare = 0;
        int rareCount = 0;
        for (int v = 0; v < p.length; v++) {
            double expected = DRAWS * p[v];
            if (expected >= 5) {
                statistic += Math.pow(counts[v] - expected, 2) / expected;
                cells++;
            } else {
                rare += expected;
                rareCount += counts[v];
            }
        }
        if (rare >= 5) {
            statistic += Math.pow(rareCount - rare, 2) / rare;
            cells++;
        }
        double freedom = Math.max(1, cells - 1);
        double bound = freedom * Math.pow(1 - 2 / (9 * freedom) + 3.72 * Math.sqrt(2 / (9 * freedom)), 3);
        assertThat(statistic).as("chi-square of %d cells", cells).isLessThan(bound);
    }
}
