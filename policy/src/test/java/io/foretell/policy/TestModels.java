package io.foretell.policy;

import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.Safetensors;
import io.foretell.huggingface.TokenizerFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;

/** Tiny decoders in which nothing is 0 or 1 by accident: norms and biases are random, distributions are peaked. */
final class TestModels {
    static final int VOCABULARY = 263;
    static final PolicyOptions ONE_THREAD = new PolicyOptions(1, 4096);

    private TestModels() {}

    /** Two layers, four query heads on two key-value heads, heads that do not divide the width where allowed. */
    static ModelConfig config(String modelType, int layers, boolean tied) {
        return new ModelConfig(modelType, 24, layers, 4, 2, 8, 20, VOCABULARY, 512, 1e-5, 5000, tied);
    }

    static Path write(Path folder, ModelConfig config, long seed) {
        List<float[]> weights = config.parameters().stream()
                .map(parameter -> values(
                        parameter, new Random(seed * 31 + parameter.name().hashCode())))
                .toList();
        return write(folder, config, weights);
    }

    static Path write(Path folder, ModelConfig config, List<float[]> weights) {
        try {
            Files.createDirectories(folder);
            Files.write(folder.resolve("config.json"), config.json());
            Files.write(folder.resolve("tokenizer.json"), TokenizerFiles.bytes());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Safetensors.write(
                folder.resolve("model.safetensors"), config.parameters(), i -> FloatBuffer.wrap(weights.get(i)));
        return folder;
    }

    private static float[] values(ModelConfig.Parameter parameter, Random random) {
        boolean outer = parameter.name().contains("embed") || parameter.name().contains("lm_head");
        double deviation = outer ? 0.5 : 0.25;
        float[] values = new float[(int) parameter.size()];
        for (int i = 0; i < values.length; i++) {
            double noise = random.nextGaussian();
            if (parameter.shape().size() > 1) {
                values[i] = (float) (deviation * noise);
            } else {
                values[i] = (float) ((parameter.name().endsWith("bias") ? 0 : 1) + 0.3 * noise);
            }
        }
        return values;
    }

    static TokenArray tokens(Random random, int length) {
        return TokenArray.of(random.ints(length, 0, VOCABULARY).toArray());
    }
}
