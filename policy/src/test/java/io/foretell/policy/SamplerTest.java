package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.FinishReason;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
    private static final int V = TestModels.VOCABULARY;

    @TempDir
    Path folder;

    private Policy policy;
    private ReferenceDecoder reference;

    @BeforeEach
    void open() {
        ModelConfig config = TestModels.config("qwen3", 2, true);
        policy = Policy.open(TestModels.write(folder, config, 31), TestModels.ONE_THREAD);
        reference = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
    }

    @AfterEach
    void close() {
        policy.close();
    }

    @Test
    void firstTokensFollowTheScoredDistribution() {
        TokenArray prompt = TestModels.tokens(new Random(32), 7);
        List<ScoreRequest> every = IntStream.range(0, V)
                .mapToObj(token -> new ScoreRequest(prompt, TokenArray.of(token)))
                .toList();
        double[] probabilities = policy.score(PolicyRole.LIVE, every).stream()
                .mapToDouble(score -> Math.exp(score.logProbs().at(0)))
                .toArray();
        assertThat(IntStream.range(0, V).mapToDouble(v -> probabilities[v]).sum())
                .isCloseTo(1, within(1e-5));
        long seed = 33;
        int draws = 20_000;
        List<Long> seeds = LongStream.range(seed, seed + draws).boxed().toList();
        int[] counts = new int[V];
        for (Completion sample : policy.generate(
                        List.of(new GenerationRequest(prompt, seeds, SamplingParameters.plain(1f, 0, 1, -1))))
                .get(0)) {
            counts[sample.tokens().at(0)]++;
        }
        double chiSquare = 0;
        int cells = 0;
        double restExpected = 0;
        int restCount = 0;
        for (int v = 0; v < V; v++) {
            double expected = draws * probabilities[v];
            if (expected < 5) {
                restExpected += expected;
                restCount += counts[v];
            } else {
                chiSquare += (counts[v] - expected) * (counts[v] - expected) / expected;
                cells++;
            }
        }
        chiSquare += (restCount - restExpected) * (restCount - restExpected) / restExpected;
        // Wilson and Hilferty: the cube root of chi-square / degrees is nearly normal.
        double spread = 2.0 / (9 * cells);
        double z = (Math.cbrt(chiSquare / cells) - (1 - spread)) / Math.sqrt(spread);
        System.out.printf(
                "seeds from %d: chi-square %.1f with %d degrees of freedom, z = %.2f%n", seed, chiSquare, cells, z);
        assertThat(z).as("seeds from %d", seed).isBetween(-3.5, 3.5);
    }

    @Test
    void aSeedGivesItsTokensWhateverElseIsInTheBatch() {
        for (long round = 0; round < 12; round++) {
            Random random = new Random(400 + round);
            TokenArray prompt = TestModels.tokens(random, 1 + random.nextInt(20));
            long seed = random.nextLong();
            int length = 1 + random.nextInt(30);
            Completion alone = policy.generate(List.of(
                            new GenerationRequest(prompt, List.of(seed), SamplingParameters.plain(1f, 0, length, 5))))
                    .get(0)
                    .get(0);
            List<GenerationRequest> requests = new ArrayList<>();
            int copies = 1 + random.nextInt(4);
            int place = random.nextInt(4);
            int copy = random.nextInt(copies);
            for (int i = 0; i < 4; i++) {
                List<Long> seeds = new ArrayList<>(random.longs(copies).boxed().toList());
                if (i == place) {
                    seeds.set(copy, seed);
                    requests.add(new GenerationRequest(prompt, seeds, SamplingParameters.plain(1f, 0, length, 5)));
                } else {
                    requests.add(new GenerationRequest(
                            TestModels.tokens(random, 1 + random.nextInt(40)),
                            seeds,
                            SamplingParameters.plain(random.nextBoolean() ? 1f : 0.6f, 0, 1 + random.nextInt(40), 5)));
                }
            }
            Completion among = policy.generate(requests).get(place).get(copy);
            assertThat(among.tokens()).as("seed %d", 400 + round).isEqualTo(alone.tokens());
            assertThat(among.finishReason()).isEqualTo(alone.finishReason());
            for (int t = 0; t < alone.tokens().length(); t++) {
                assertThat(among.logProbs().at(t)).isCloseTo(alone.logProbs().at(t), within(1e-4f));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {1f, 0.7f, 1.6f})
    void logProbabilitiesAreThoseOfTheDistributionSampled(float temperature) {
        TokenArray prompt = TestModels.tokens(new Random(34), 6);
        int stop = mostLikely(prompt);
        int forbiddenTokens = 3;
        List<Long> seeds = LongStream.range(0, 16).boxed().toList();
        List<Completion> samples = policy.generate(List.of(new GenerationRequest(
                        prompt, seeds, SamplingParameters.plain(temperature, forbiddenTokens, 20, stop))))
                .get(0);
        double largest = 0;
        for (Completion sample : samples) {
            double[][] logits = reference.logits(prompt.concat(sample.tokens()).toArray());
            for (int t = 0; t < sample.tokens().length(); t++) {
                double expected = ReferenceDecoder.logProb(
                        logits[prompt.length() + t - 1],
                        sample.tokens().at(t),
                        temperature,
                        t < forbiddenTokens ? stop : -1);
                largest = Math.max(largest, Math.abs(sample.logProbs().at(t) - expected));
            }
        }
        System.out.printf("temperature %.1f: sampled log-probabilities within %.1e%n", temperature, largest);
        assertThat(largest).isLessThan(1e-4);
    }

    @Test
    void theStopTokenIsNeverAmongTheFirstTokensAndEndsTheSampleAfterThem() {
        TokenArray prompt = TestModels.tokens(new Random(35), 6);
        int stop = mostLikely(prompt);
        List<Long> seeds = LongStream.range(0, 64).boxed().toList();
        List<Completion> free = policy.generate(
                        List.of(new GenerationRequest(prompt, seeds, SamplingParameters.plain(1f, 0, 12, stop))))
                .get(0);
        assertThat(free).anyMatch(sample -> sample.tokens().at(0) == stop);
        for (int minimum : new int[] {1, 4, 12}) {
            List<Completion> held = policy.generate(List.of(
                            new GenerationRequest(prompt, seeds, SamplingParameters.plain(1f, minimum, 12, stop))))
                    .get(0);
            for (Completion sample : held) {
                int length = sample.tokens().length();
                assertThat(length).isBetween(minimum, 12);
                int at = IntStream.range(0, length)
                        .filter(t -> sample.tokens().at(t) == stop)
                        .findFirst()
                        .orElse(-1);
                boolean stopped = sample.finishReason() == FinishReason.STOP;
                assertThat(at).isEqualTo(stopped ? length - 1 : -1);
                assertThat(stopped ? at : minimum).isGreaterThanOrEqualTo(minimum);
                assertThat(stopped || length == 12).isTrue();
                assertThat(sample.logProbs().length()).isEqualTo(length);
            }
        }
    }

    @Test
    void everyRequestKeepsItsOwnLimit() {
        Random random = new Random(36);
        List<GenerationRequest> requests = IntStream.of(1, 9, 3, 30, 2)
                .mapToObj(limit -> new GenerationRequest(
                        TestModels.tokens(random, 1 + random.nextInt(9)),
                        List.of(1L, 2L),
                        SamplingParameters.plain(1f, 0, limit, -1)))
                .toList();
        List<List<Completion>> groups = policy.generate(requests);
        for (int g = 0; g < requests.size(); g++) {
            for (Completion sample : groups.get(g)) {
                assertThat(sample.tokens().length())
                        .isEqualTo(requests.get(g).sampling().maxTokens());
                assertThat(sample.finishReason()).isEqualTo(FinishReason.LENGTH);
            }
        }
    }

    @Test
    void requestsBeyondTheBudgetAreSampledInSeveralCallsAndKeepTheirOrder() {
        ModelConfig config = policy.config();
        try (Policy narrow =
                Policy.open(TestModels.write(folder.resolve("narrow"), config, 31), new PolicyOptions(1, 64))) {
            Random random = new Random(37);
            List<GenerationRequest> requests = IntStream.range(0, 9)
                    .mapToObj(i -> new GenerationRequest(
                            TestModels.tokens(random, 1 + random.nextInt(9)),
                            List.of((long) i, 50L + i),
                            SamplingParameters.plain(1f, i % 2, 5 + i, 7)))
                    .toList();
            List<List<Completion>> wide = policy.generate(requests);
            List<List<Completion>> split = narrow.generate(requests);
            for (int i = 0; i < requests.size(); i++) {
                for (int c = 0; c < 2; c++) {
                    assertThat(split.get(i).get(c).tokens())
                            .isEqualTo(wide.get(i).get(c).tokens());
                    assertThat(split.get(i).get(c).seed())
                            .isEqualTo(requests.get(i).seeds().get(c));
                }
            }
        }
    }

    @Test
    void impossibleRequestsAreRefusedWithASentence() {
        TokenArray prompt = TokenArray.of(1);
        assertThatThrownBy(() ->
                        new GenerationRequest(TokenArray.EMPTY, List.of(1L), SamplingParameters.plain(1f, 0, 1, -1)))
                .isInstanceOf(PolicyException.class);
        assertThatThrownBy(() -> new GenerationRequest(prompt, List.of(), SamplingParameters.plain(1f, 0, 1, -1)))
                .isInstanceOf(PolicyException.class);
        assertThatThrownBy(
                        () -> new GenerationRequest(prompt, List.of(1L), SamplingParameters.plain(Float.NaN, 0, 1, -1)))
                .isInstanceOf(PolicyException.class);
        assertThatThrownBy(() -> SamplingParameters.plain(-1f, 0, 1, -1)).isInstanceOf(PolicyException.class);
        for (int wrong : new int[] {-1, V, Integer.MAX_VALUE}) {
            TokenArray outside = TokenArray.of(3, wrong);
            assertThatThrownBy(() -> policy.generate(List.of(
                            new GenerationRequest(outside, List.of(1L), SamplingParameters.plain(1f, 0, 1, -1)))))
                    .isInstanceOf(PolicyException.class)
                    .hasMessageContaining("token " + wrong);
            assertThatThrownBy(() -> policy.score(PolicyRole.LIVE, List.of(new ScoreRequest(outside, prompt))))
                    .isInstanceOf(PolicyException.class)
                    .hasMessageContaining("token " + wrong);
            assertThatThrownBy(() -> policy.score(PolicyRole.LIVE, List.of(new ScoreRequest(prompt, outside))))
                    .isInstanceOf(PolicyException.class)
                    .hasMessageContaining("token " + wrong);
        }
    }

    private int mostLikely(TokenArray prompt) {
        double[] logits = reference.logits(prompt.toArray())[prompt.length() - 1];
        return IntStream.range(0, V)
                .boxed()
                .max(Comparator.comparingDouble(v -> logits[v]))
                .orElseThrow();
    }
}
