package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.foretell.objectives.TokenArray;
import io.foretell.objectives.Weights;
import java.io.IOException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Folders that Hugging Face transformers wrote (tests/parity/make_reference.py), with what transformers computed from
 * them: qwen3 in bfloat16, qwen2 in float16, llama in float32 shards.
 */
class ParityTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"qwen3", "qwen2", "llama"})
    void agreesWithTransformers(String modelType) throws Exception {
        JsonNode reference = new ObjectMapper()
                .readTree(copy(modelType).resolve("reference.json").toFile());
        TokenArray tokens = tokens(reference.path("tokens"));
        TokenArray prompt = tokens(reference.path("prompt"));
        TokenArray greedy = tokens(reference.path("greedy"));
        try (Policy policy = Policy.open(folder, TestModels.ONE_THREAD)) {
            ScoreRequest text = new ScoreRequest(tokens.slice(0, 1), tokens.slice(1, tokens.length()));
            List<Score> scores = policy.score(Weights.LIVE, List.of(text, new ScoreRequest(prompt, greedy)));
            double largest = 0;
            for (int t = 0; t < tokens.length() - 1; t++) {
                double expected = reference.path("log_probs").path(t).asDouble();
                double found = scores.get(0).logProbs().at(t);
                largest = Math.max(largest, Math.abs(found - expected));
                assertThat(found).as("token %d", t + 1).isCloseTo(expected, within(1e-4));
            }
            System.out.printf("%s: largest difference to transformers %.2e nats%n", modelType, largest);
            assertThat(scores.get(1).allGreedy()).isTrue();
            GenerationRequest cold = new GenerationRequest(
                    prompt, List.of(1L, 2L), SamplingParameters.plain(1e-4f, 0, greedy.length(), -1));
            for (Sample sample : policy.generate(List.of(cold)).get(0)) {
                assertThat(sample.tokens()).isEqualTo(greedy);
            }
        }
    }

    private Path copy(String modelType) throws Exception {
        URL resource = Objects.requireNonNull(ParityTest.class.getResource("/parity/" + modelType));
        try (Stream<Path> files = Files.list(Path.of(resource.toURI()))) {
            for (Path file : files.toList()) {
                Files.copy(file, folder.resolve(file.getFileName().toString()));
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        Files.write(folder.resolve("tokenizer.json"), TokenizerFiles.bytes());
        return folder;
    }

    private static TokenArray tokens(JsonNode array) {
        return TokenArray.of(
                IntStream.range(0, array.size()).map(i -> array.path(i).asInt()).toArray());
    }
}
