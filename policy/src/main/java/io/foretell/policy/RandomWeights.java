package io.foretell.policy;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Random;

/**
 * A fresh model: weights from a normal distribution around 0, projections back into the residual
 * stream scaled by 1/sqrt(2 * layers) (as GPT-2), norms 1, biases 0. The same seed gives the same bytes.
 */
public final class RandomWeights {
    private RandomWeights() {}

    /** The usual standard deviation of fresh matrices. */
    public static final double DEVIATION = 0.02;

    /** Like {@link #write(Path, ModelConfig, Path, long, double)} with the usual deviation. */
    public static void write(Path folder, ModelConfig config, Path tokenizer, long seed) {
        write(folder, config, tokenizer, seed, DEVIATION);
    }

    /**
     * Writes a Hugging Face folder with config.json, model.safetensors and a copy of {@code tokenizer}.
     *
     * @param deviation standard deviation of matrices and embeddings
     */
    public static void write(Path folder, ModelConfig config, Path tokenizer, long seed, double deviation) {
        try {
            Files.createDirectories(folder);
            Files.write(folder.resolve("config.json"), config.json());
            Files.copy(tokenizer, folder.resolve("tokenizer.json"), StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new PolicyException("cannot write the policy folder " + folder + ": " + e.getMessage(), e);
        }
        Safetensors.write(folder.resolve("model.safetensors"), config.parameters(), i -> {
            ModelConfig.Parameter parameter = config.parameters().get(i);
            double own = isResidual(parameter) ? deviation / Math.sqrt(2.0 * config.layers()) : deviation;
            return values(parameter, own, new Random(seed * 1_000_003 + i));
        });
    }

    private static boolean isResidual(ModelConfig.Parameter parameter) {
        return parameter.name().endsWith("o_proj.weight") || parameter.name().endsWith("down_proj.weight");
    }

    private static FloatBuffer values(ModelConfig.Parameter parameter, double deviation, Random random) {
        float[] values = new float[(int) parameter.size()];
        boolean matrix = parameter.shape().size() > 1;
        float constant = parameter.name().endsWith("bias") ? 0 : 1;
        for (int i = 0; i < values.length; i++) {
            values[i] = matrix ? (float) (deviation * random.nextGaussian()) : constant;
        }
        return FloatBuffer.wrap(values);
    }
}
