package io.foretell.huggingface;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RandomWeightsTest {
    @TempDir
    Path folder;

    private Path write(String name, ModelConfig config, long seed) throws Exception {
        Path tokenizer = Files.write(folder.resolve("bytes.json"), TokenizerFiles.bytes());
        RandomWeights.write(folder.resolve(name), config, tokenizer, seed);
        return folder.resolve(name).resolve("model.safetensors");
    }

    @Test
    void theSameSeedGivesTheSameBytesAndAnotherDoesNot() throws Exception {
        // an embedding of more than one block of numbers
        ModelConfig config = new ModelConfig("qwen3", 1024, 1, 2, 1, 8, 16, 5000, 64, 1e-6, 10_000, true);
        Path first = write("first", config, 3);
        assertThat(Files.mismatch(first, write("second", config, 3))).isEqualTo(-1);
        assertThat(Files.mismatch(first, write("other", config, 4))).isNotEqualTo(-1);
    }

    @Test
    void numbersAreThoseOfTheLibrary() {
        for (long seed : new long[] {0, 1, -1, 42, Long.MIN_VALUE, 0x123456789abcdefL}) {
            Random expected = new Random(seed);
            RandomValues.FastGaussian found = new RandomValues.FastGaussian(seed);
            for (int i = 0; i < 10_000; i++) {
                assertThat(found.next()).isEqualTo(expected.nextGaussian());
            }
        }
    }

    @Test
    void matricesAreSpreadNormsAreOneBiasesAreZero() throws Exception {
        ModelConfig config = ModelConfig.ofSize("qwen2", "nano", 300);
        Safetensors weights = Safetensors.open(write("model", config, 5).getParent(), "model");
        for (ModelConfig.Parameter parameter : config.parameters()) {
            FloatBuffer values = weights.read(parameter.name(), parameter.shape());
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < values.limit(); i++) {
                sum += values.get(i);
                squares += values.get(i) * values.get(i);
            }
            double mean = sum / values.limit();
            double deviation = Math.sqrt(squares / values.limit() - mean * mean);
            if (parameter.shape().size() > 1) {
                boolean back =
                        parameter.name().contains("o_proj") || parameter.name().contains("down_proj");
                double expected = back ? RandomWeights.DEVIATION / Math.sqrt(6) : RandomWeights.DEVIATION;
                assertThat(Math.abs(mean)).as(parameter.name()).isLessThan(expected / 10);
                assertThat(deviation / expected).as(parameter.name()).isBetween(0.97, 1.03);
            } else {
                assertThat(mean).isEqualTo(parameter.name().endsWith("bias") ? 0 : 1);
                assertThat(deviation).isZero();
            }
        }
    }

    @Test
    void progressIsToldAndTheConfigurationNamesTheTextTokens() throws Exception {
        Path tokenizer = Files.write(folder.resolve("bytes.json"), TokenizerFiles.bytes());
        AtomicLong last = new AtomicLong(-1);
        ModelConfig config =
                ModelConfig.ofSize("llama", "micro", 259).withTextTokens(OptionalInt.empty(), OptionalInt.of(256));
        RandomWeights.write(folder.resolve("model"), config, tokenizer, 1, 0.1, (bytes, total) -> {
            assertThat(total).isEqualTo(4 * config.parameterCount());
            assertThat(bytes).isGreaterThan(last.getAndSet(bytes));
        });
        assertThat(last.get()).isPositive().isLessThan(4 * config.parameterCount());
        assertThat(ModelConfig.read(folder.resolve("model"))).isEqualTo(config);
        assertThat(config.others().get("eos_token_id").asInt()).isEqualTo(256);
        assertThat(List.of(folder.resolve("model").toFile().list()))
                .containsExactlyInAnyOrder("config.json", "model.safetensors", "tokenizer.json");
    }
}
