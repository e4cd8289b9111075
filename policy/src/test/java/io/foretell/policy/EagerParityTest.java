package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.types.DataType;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.foretell.huggingface.ModelConfig;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The engine computes what the program computes as plain Python: tests/peers/eager_policy.py recorded calls of everything
 * that samples, scores and learns, with ordinary operators of PyTorch. Here the engine makes them, with oneDNN's products and
 * without.
 */
class EagerParityTest {
    /** Of the largest value of a result, or of 1 where that is larger. */
    private static final double SAME = 5e-5;

    @ParameterizedTest
    @CsvSource({
        "llama, true",
        "mistral, true",
        "qwen2, true",
        "qwen2-untied, true",
        "qwen3, true",
        "smollm3, true",
        "qwen2-untied, false",
        "qwen3, false"
    })
    void theEngineComputesWhatPlainPythonComputes(String model, boolean packs) throws Exception {
        Path folder = Path.of(Objects.requireNonNull(EagerParityTest.class.getResource("/parity/" + model))
                .toURI());
        ModelConfig config = ModelConfig.read(folder);
        NativeEngine.start(1);
        JsonNode calls = new ObjectMapper()
                .readTree(folder.resolve("eager.json").toFile())
                .path("calls");
        assertThat(calls).hasSizeGreaterThan(20);
        try (PolicyProgram program = PolicyProgram.load(config, TestModels.ONE_THREAD, packs)) {
            new PolicyWeights(program, PolicyOptions.Use.TRAINING, config).load(folder);
            double largest = 0;
            for (JsonNode call : calls) {
                largest = Math.max(largest, difference(program, call));
            }
            System.out.printf("%s, packed %s: largest difference to plain Python %.1e%n", model, packs, largest);
        }
    }

    /** Makes the call; how far its result is from the expected one. */
    private static double difference(PolicyProgram program, JsonNode call) {
        String method = call.path("method").asText();
        double[] expected = doubles(call.path("result"));
        double[] found = program.call(
                method,
                inputs -> {
                    call.path("arguments").forEach(argument -> add(inputs, argument));
                    return inputs;
                },
                array -> array.toType(DataType.FLOAT64, true).toDoubleArray());
        assertThat(found).as(method).hasSameSizeAs(expected);
        double scale = Math.min(1, Arrays.stream(expected).map(Math::abs).max().orElse(0));
        double largest = 0;
        for (int i = 0; i < found.length; i++) {
            double difference = Math.abs(found[i] - expected[i]);
            assertThat(difference)
                    .as("%s, value %d: %s for %s", method, i, found[i], expected[i])
                    .isLessThanOrEqualTo(SAME * scale);
            largest = Math.max(largest, difference);
        }
        return largest;
    }

    private static void add(PolicyProgram.Inputs inputs, JsonNode argument) {
        double[] values = doubles(argument.path("values"));
        long[] shape = IntStream.range(0, argument.path("shape").size())
                .mapToLong(i -> argument.path("shape").path(i).asLong())
                .toArray();
        switch (argument.path("type").asText()) {
            case "int64" ->
                inputs.integers(
                        IntStream.range(0, values.length)
                                .mapToLong(i -> (long) values[i])
                                .toArray(),
                        shape);
            case "float32" -> {
                float[] floats = new float[values.length];
                for (int i = 0; i < floats.length; i++) {
                    floats[i] = (float) values[i];
                }
                inputs.floats(floats, shape);
            }
            default -> inputs.doubles(values, shape);
        }
    }

    private static double[] doubles(JsonNode array) {
        return IntStream.range(0, array.size())
                .mapToDouble(i -> array.path(i).asDouble())
                .toArray();
    }
}
