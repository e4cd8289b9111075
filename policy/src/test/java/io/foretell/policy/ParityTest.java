package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.Safetensors;
import io.foretell.huggingface.TokenizerFiles;
import java.io.IOException;
import java.net.URL;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Folders that Hugging Face transformers wrote (tests/parity/make_reference.py), with what transformers and torch
 * computed from them: every architecture, scaled rotary embeddings beyond the first context, sliding windows shorter
 * than the text, layers without positions, tied and untied heads, all stored types, and shards.
 */
class ParityTest {
    private static final double NATS = 1e-4;
    private static final double RELATIVE = 1e-5;

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "linear", "qwen2", "qwen2-untied", "qwen3", "mistral", "smollm3"})
    void referenceDecoderAgreesWithTransformers(String name) throws Exception {
        JsonNode reference = copy(name);
        ModelConfig config = ModelConfig.read(folder);
        float[] frequencies = config.inverseFrequencies();
        for (int i = 0; i < frequencies.length; i++) {
            float expected =
                    (float) reference.path("inverse_frequencies").path(i).asDouble();
            assertThat(frequencies[i]).isCloseTo(expected, within(Math.ulp(expected)));
        }
        ReferenceDecoder decoder = new ReferenceDecoder(config, weights(config, "model"));
        double[][] logits = decoder.logits(tokens(reference.path("tokens")).toArray()); // (T, V)
        assertLogits(name + " reference decoder", reference, logits[logits.length - 1]);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "linear", "qwen2", "qwen2-untied", "qwen3", "mistral", "smollm3"})
    void scoresAgreeWithTransformers(String name) throws Exception {
        JsonNode reference = copy(name);
        TokenArray tokens = tokens(reference.path("tokens"));
        try (Policy policy = Policy.open(folder, TestModels.ONE_THREAD)) {
            List<ScoreRequest> requests = new ArrayList<>();
            requests.add(new ScoreRequest(tokens.slice(0, 1), tokens.slice(1, tokens.length())));
            for (int v = 0; v < policy.config().vocabularySize(); v++) {
                requests.add(new ScoreRequest(tokens, TokenArray.of(v)));
            }
            List<Score> scores = policy.score(PolicyRole.LIVE, requests);
            double largest = 0;
            for (int t = 0; t < tokens.length() - 1; t++) {
                double expected = reference.path("log_probs").path(t).asDouble();
                double found = scores.get(0).logProbs().at(t);
                largest = Math.max(largest, Math.abs(found - expected));
                assertThat(found).as("token %d", t + 1).isCloseTo(expected, within(NATS));
            }
            System.out.printf("%s: largest difference to transformers %.2e nats%n", name, largest);
            double[] next = scores.stream()
                    .skip(1)
                    .mapToDouble(score -> score.logProbs().at(0))
                    .toArray();
            assertLogits(name, reference, next);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "linear", "qwen2", "qwen2-untied", "qwen3", "mistral", "smollm3"})
    void greedyContinuationIsThatOfTransformers(String name) throws Exception {
        JsonNode reference = copy(name);
        TokenArray prompt = tokens(reference.path("prompt"));
        TokenArray greedy = tokens(reference.path("greedy"));
        try (Policy policy = Policy.open(folder, TestModels.ONE_THREAD)) {
            assertThat(policy.score(PolicyRole.LIVE, List.of(new ScoreRequest(prompt, greedy)))
                            .get(0)
                            .allGreedy())
                    .isTrue();
            GenerationRequest cold =
                    new GenerationRequest(prompt, List.of(1L, 2L), SamplingParameters.plain(0, 0, greedy.length(), -1));
            for (Completion sample : policy.generate(List.of(cold)).get(0)) {
                assertThat(sample.tokens()).isEqualTo(greedy);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "linear", "qwen2", "qwen2-untied", "qwen3", "mistral", "smollm3"})
    void oneOptimizerStepIsThatOfTorch(String name) throws Exception {
        JsonNode reference = copy(name);
        JsonNode step = reference.path("step");
        TokenArray tokens = tokens(reference.path("tokens"));
        try (Policy policy = Policy.open(folder, TestModels.ONE_THREAD)) {
            policy.startTraining();
            float[] next = new float[tokens.length()];
            Arrays.fill(next, 1, next.length, 1);
            float[] share = new float[tokens.length()];
            Arrays.fill(share, 1, share.length, 1f / (tokens.length() - 1));
            FloatArray none = FloatArray.of(new float[tokens.length()]);
            Experience text = new Experience(tokens, none, none, none, FloatArray.of(next), 1, -1);
            MicroBatchResult result = policy.accumulate(
                    List.of(text), List.of(new float[tokens.length()]), List.of(share), TestBatches.CLIP, false);
            assertThat(result.loss()).isCloseTo(step.path("loss").asDouble(), within(NATS));
            double norm = policy.step(new OptimizerSettings(
                    step.path("lr").asDouble(),
                    step.path("beta1").asDouble(),
                    step.path("beta2").asDouble(),
                    step.path("eps").asDouble(),
                    step.path("weight_decay").asDouble(),
                    step.path("max_grad_norm").asDouble(),
                    -1));
            assertThat(norm).isCloseTo(step.path("grad_norm").asDouble(), within(NATS));
            assertWeights(name, policy.config(), policy.weights(PolicyRole.LIVE));
        }
    }

    /** What was saved is left in target/parity, where make_reference.py --check has transformers read it. */
    @ParameterizedTest
    @ValueSource(strings = {"llama", "llama3", "linear", "qwen2", "qwen2-untied", "qwen3", "mistral", "smollm3"})
    void exportedAgainIsTheSameBytes(String name) throws Exception {
        copy(name);
        Path first = Path.of("target", "parity", name);
        Path second = folder.resolve("second");
        try (Policy policy = Policy.open(folder, TestModels.ONE_THREAD)) {
            policy.save(first, folder);
        }
        try (Policy policy = Policy.open(first, TestModels.ONE_THREAD)) {
            policy.save(second, first);
        }
        for (String file : List.of("config.json", "tokenizer.json", "model.safetensors", "ema.safetensors")) {
            assertThat(Files.mismatch(first.resolve(file), second.resolve(file)))
                    .as(file)
                    .isEqualTo(-1);
        }
    }

    /** @param found (V) logits of what follows the text, up to a constant */
    private static void assertLogits(String what, JsonNode reference, double[] found) {
        double[] expected = doubles(reference.path("logits"));
        assertThat(found).hasSameSizeAs(expected);
        double largest = 0;
        for (int v = 0; v < found.length; v++) {
            double difference =
                    ReferenceDecoder.logProb(found, v, 1, -1) - ReferenceDecoder.logProb(expected, v, 1, -1);
            largest = Math.max(largest, Math.abs(difference));
        }
        System.out.printf("%s: largest difference of the last logits %.2e%n", what, largest);
        assertThat(largest).as(what).isLessThan(NATS);
    }

    private void assertWeights(String name, ModelConfig config, List<float[]> found) {
        List<float[]> expected = weights(config, "after-step");
        double largest = 0;
        for (int i = 0; i < expected.size(); i++) {
            String parameter = config.parameters().get(i).name();
            for (int j = 0; j < expected.get(i).length; j++) {
                double wanted = expected.get(i)[j];
                double relative = Math.abs(found.get(i)[j] - wanted) / Math.abs(wanted);
                largest = Math.max(largest, relative);
                assertThat(relative)
                        .as("%s %s[%d]: %s for %s", name, parameter, j, found.get(i)[j], wanted)
                        .isLessThan(RELATIVE);
            }
        }
        System.out.printf("%s: largest relative difference of a weight after a step %.2e%n", name, largest);
    }

    private List<float[]> weights(ModelConfig config, String file) {
        Safetensors tensors = Safetensors.open(folder, file);
        List<float[]> weights = new ArrayList<>();
        for (ModelConfig.Parameter parameter : config.parameters()) {
            FloatBuffer values = tensors.read(parameter.name(), parameter.shape());
            float[] copy = new float[values.remaining()];
            values.get(copy);
            weights.add(copy);
        }
        return weights;
    }

    /** @return the reference of model {@code name}, whose folder is copied */
    private JsonNode copy(String name) throws Exception {
        URL resource = Objects.requireNonNull(ParityTest.class.getResource("/parity/" + name));
        try (Stream<Path> files = Files.list(Path.of(resource.toURI()))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName().toString()));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        Files.write(folder.resolve("tokenizer.json"), TokenizerFiles.bytes());
        return new ObjectMapper().readTree(folder.resolve("reference.json").toFile());
    }

    private static TokenArray tokens(JsonNode array) {
        return TokenArray.of(
                IntStream.range(0, array.size()).map(i -> array.path(i).asInt()).toArray());
    }

    private static double[] doubles(JsonNode array) {
        return IntStream.range(0, array.size())
                .mapToDouble(i -> array.path(i).asDouble())
                .toArray();
    }
}
