package io.foretell.policy;

import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import io.foretell.huggingface.Safetensors;
import io.foretell.huggingface.Slice;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;

/**
 * The mean of several checkpoints' weights, as stochastic weight averaging (Izmailov et al. 2018, arXiv 1803.05407)
 * averages points along the training path. All checkpoints have equal weight, and the teacher is averaged likewise.
 * We average existing checkpoints, and need no batch normalisation statistics, because these models have no batch
 * normalisation.
 */
public final class WeightAverage {
    private WeightAverage() {}

    /**
     * Writes the mean of {@code folders} as a Hugging Face folder; sums in double precision.
     *
     * @param folders at least one, all of the same architecture, each with a teacher
     * @throws PolicyException when a folder is damaged or of another architecture
     */
    public static void write(List<Path> folders, Path target) {
        Path last = folders.get(folders.size() - 1);
        ModelConfig config = ModelConfig.read(last);
        List<Safetensors> models = open(folders, "model");
        List<Safetensors> teachers = open(folders, "ema");
        new PolicyFiles(config, new WeightLayout(config), List.of())
                .writeModel(
                        target,
                        last,
                        (slot, index, slice) -> mean(
                                slot == Policy.LIVE ? models : teachers,
                                config.parameters().get(index),
                                slice));
    }

    private static List<Safetensors> open(List<Path> folders, String name) {
        return folders.stream().map(folder -> Safetensors.open(folder, name)).toList();
    }

    private static FloatBuffer mean(List<Safetensors> tensors, ModelConfig.Parameter parameter, Slice slice) {
        List<FloatBuffer> values = tensors.stream()
                .map(each -> each.read(parameter.name(), parameter.shape(), slice))
                .toList();
        float[] mean = new float[(int) slice.size()];
        for (int i = 0; i < mean.length; i++) {
            double sum = 0;
            for (FloatBuffer each : values) {
                sum += each.get(i);
            }
            mean[i] = (float) (sum / values.size());
        }
        return FloatBuffer.wrap(mean);
    }
}
