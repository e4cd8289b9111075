package io.foretell.policy;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Random;

/**
 * A fresh model: weights from a normal distribution of standard deviation 0.02, projections back into the residual
 * stream scaled by 1/sqrt(2 * layers) (as GPT-2), norms 1, biases 0. The same seed gives the same bytes.
 */
public final class RandomWeights {
    private RandomWeights() {}

    /** Writes a Hugging Face folder with config.json, model.safetensors and a copy of {@code tokenizer}. */
    public static void write(Path folder, ModelConfig config, Path tokenizer, long seed) {
        try {
            Files.createDirectories(folder);
            Files.write(folder.resolve("config.json"), config.json());
            Files.copy(tokenizer, folder.resolve("tokenizer.json"), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new PolicyException("cannot write the policy folder " + folder + ": " + e.getMessage(), e);
        }
        Safetensors.write(folder.resolve("model.safetensors"), config.parameters(), i -> {
            ModelConfig.Parameter parameter = config.parameters().get(i);
            return values(parameter, config.layers(), new Random(seed * 1_000_003 + i));
        });
    }

    private static FloatBuffer values(ModelConfig.Parameter parameter, int layers, Random random) {
        float[] values = new float[(int) parameter.size()];
        boolean residual =
                parameter.name().endsWith("o_proj.weight") || parameter.name().endsWith("down_proj.weight");
        double deviation = residual ? 0.02 / Math.sqrt(2.0 * layers) : 0.02;
        boolean matrix = parameter.shape().size() > 1;
        for (int i = 0; i < values.length; i++) {
            values[i] = matrix
                    ? (float) (deviation * random.nextGaussian())
                    : parameter.name().endsWith("bias") ? 0 : 1;
        }
        return FloatBuffer.wrap(values);
    }
}
