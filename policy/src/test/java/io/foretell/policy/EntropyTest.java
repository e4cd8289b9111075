package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.objectives.ProxyModel;
import io.foretell.platform.Metrics;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EntropyTest {
    private static final long SEED = 25060800;

    @TempDir
    Path folder;

    private final ModelConfig config = TestModels.config("qwen3", 2, true);

    /** Of the {@code top} largest logits alone. */
    private static double entropy(double[] logits, int top) {
        double[] sorted = logits.clone();
        Arrays.sort(sorted);
        double[] likely = Arrays.copyOfRange(sorted, sorted.length - Math.min(top, sorted.length), sorted.length);
        double total = Arrays.stream(likely).map(Math::exp).sum();
        return -Arrays.stream(likely)
                .map(z -> Math.exp(z) / total * Math.log(Math.exp(z) / total))
                .sum();
    }

    private static int[] part(TokenArray tokens, int from, int to) {
        return tokens.slice(from, to).toArray();
    }

    @Test
    void entropiesAgreeWithTheDecoderOfThePapers() {
        TokenArray text = TestModels.tokens(new Random(SEED), 23);
        try (Policy policy = Policy.open(TestModels.write(folder, config, SEED), TestModels.ONE_THREAD)) {
            ReferenceDecoder reference = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
            double[][] logits = reference.logits(text.toArray());
            for (int top : List.of(1, 2, 16, TestModels.VOCABULARY, 100_000)) {
                FloatArray found = policy.entropies(text, top);
                assertThat(found.length()).isEqualTo(text.length());
                assertThat(found.at(0)).isZero();
                for (int t = 1; t < text.length(); t++) {
                    assertThat(found.at(t))
                            .as("token %d of top %d, seed %d", t, top, SEED)
                            .isCloseTo((float) entropy(logits[t - 1], top), within(1e-4f));
                }
            }
            assertThatThrownBy(() -> policy.entropies(text, 0)).hasMessageContaining("not 0");
        }
    }

    @Test
    void textsLongerThanTheContextAreReadInWindowsThatOverlapByHalf() {
        int window = 8;
        TestModels.write(folder, config, SEED);
        try (Policy policy = Policy.open(folder, new PolicyOptions(1, window))) {
            ReferenceDecoder reference = new ReferenceDecoder(config, policy.weights(PolicyRole.LIVE));
            for (int length : List.of(1, 2, 8, 9, 10, 12, 13, 14, 31)) {
                TokenArray text = TestModels.tokens(new Random(SEED + length), length);
                FloatArray found = policy.entropies(text, 16);
                for (int t = 1; t < length; t++) {
                    int from = t <= window ? 0 : (t - window + window / 2 - 1) / (window / 2) * (window / 2);
                    assertThat(t - from).as("tokens before").isBetween(Math.min(t, window / 2), window);
                    double[][] logits = reference.logits(part(text, from, t));
                    assertThat(found.at(t))
                            .as("token %d of %d, seed %d", t, length, SEED)
                            .isCloseTo((float) entropy(logits[t - from - 1], 16), within(1e-4f));
                }
            }
        }
    }

    @Test
    void aProxyAnswersAlwaysTheSameAndCountsTokensByEntropy() {
        TestModels.write(folder, config, SEED);
        TokenArray text = TestModels.tokens(new Random(SEED), 40);
        try (Metrics metrics = new Metrics();
                HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(folder);
                ProxyPolicies proxies = new ProxyPolicies(TestModels.ONE_THREAD, metrics)) {
            ProxyModel proxy = proxies.open(folder.toString(), tokenizer);
            FloatArray first = proxy.entropies(text, 16);

            assertThat(proxies.open(folder + "/.", tokenizer)).isSameAs(proxy);
            assertThatThrownBy(() -> proxies.open("/nowhere", tokenizer))
                    .hasMessage("option 'proxy' is /nowhere but there is no such folder: give a Hugging Face folder,"
                            + " or leave it out");
            assertThat(proxy.entropies(text, 16)).isEqualTo(first);
            long open = IntStream.range(1, 40).filter(t -> first.at(t) >= 2.0f).count();
            assertThat(open).as("a threshold that tells them apart").isBetween(1L, 38L);
            assertThat(metrics.scrape())
                    .contains("proxy_tokens_total{entropy_of_at_least=\"0.0\"} 78.0")
                    .contains("proxy_tokens_total{entropy_of_at_least=\"2.0\"} " + 2.0 * open);
        }
    }

    @Test
    void aProxyOfAnotherVocabularyIsRefused() throws Exception {
        TestModels.write(folder.resolve("bytes"), config, SEED);
        TestModels.write(folder.resolve("words"), config, SEED);
        Files.write(folder.resolve("words/tokenizer.json"), TokenizerFiles.words(List.of("a", "b")));
        try (Metrics metrics = new Metrics();
                HuggingFaceTokenizer bytes = HuggingFaceTokenizer.open(folder.resolve("bytes"));
                ProxyPolicies proxies = new ProxyPolicies(TestModels.ONE_THREAD, metrics)) {
            assertThatThrownBy(() -> proxies.open(folder.resolve("words").toString(), bytes))
                    .isInstanceOf(PolicyException.class)
                    .hasMessageContaining("words has another vocabulary than the policy: '")
                    .hasMessageContaining("of the other; take one of the policy's family");
            assertThatThrownBy(() -> proxies.open(folder.resolve("none").toString(), bytes))
                    .isInstanceOf(PolicyException.class)
                    .hasMessageContaining("none");
        }
    }
}
