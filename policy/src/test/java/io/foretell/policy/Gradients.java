package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.Safetensors;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.DoubleSupplier;

/** What an optimizer keeps, as {@link Policy#saveOptimizer} writes it. */
final class Gradients {
    /** A step that moves nothing and whose first moment is the gradient itself. */
    private static final OptimizerSettings PROBE = new OptimizerSettings(0, 0, 0.99, 1e-8, 0, 1e30, -1);

    private Gradients() {}

    /** The gradient accumulated since training was started anew, in the model's order; the weights stay as they are. */
    static List<float[]> take(Policy policy, Path folder) {
        policy.step(PROBE);
        return read(policy, folder, "first_moment.");
    }

    static List<float[]> read(Policy policy, Path folder, String slot) {
        policy.saveOptimizer(folder.resolve("optimizer.safetensors"));
        Safetensors saved = Safetensors.open(folder, "optimizer");
        List<float[]> values = new ArrayList<>();
        for (ModelConfig.Parameter parameter : policy.config().parameters()) {
            FloatBuffer buffer = saved.read(slot + parameter.name(), parameter.shape());
            float[] copy = new float[buffer.remaining()];
            buffer.get(copy);
            values.add(copy);
        }
        return values;
    }

    static double norm(List<float[]> gradients) {
        double squares = 0;
        for (float[] gradient : gradients) {
            for (float value : gradient) {
                squares += (double) value * value;
            }
        }
        return Math.sqrt(squares);
    }

    /** The largest absolute value. */
    static double largest(float[] values) {
        double largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    /** Which weights of a parameter are compared. */
    interface Picks {
        int of(int parameter, int sample, int weights);
    }

    /** Compares some weights' gradients with central differences of {@code loss}, which reads the decoder's weights. */
    static void assertAreDifferences(
            List<float[]> gradients,
            ModelConfig config,
            ReferenceDecoder decoder,
            int samples,
            Picks picks,
            DoubleSupplier loss) {
        for (int i = 0; i < gradients.size(); i++) {
            String name = config.parameters().get(i).name();
            double[] weight = decoder.weight(name);
            double largest = largest(gradients.get(i));
            for (int sample = 0; sample < samples; sample++) {
                int at = picks.of(i, sample, weight.length);
                double kept = weight[at];
                weight[at] = kept + 1e-6;
                double above = loss.getAsDouble();
                weight[at] = kept - 1e-6;
                double below = loss.getAsDouble();
                weight[at] = kept;
                assertThat((double) gradients.get(i)[at])
                        .as("%s[%d] of a tensor with gradients up to %f", name, at, largest)
                        .isCloseTo((above - below) / 2e-6, within(1e-4 * largest));
            }
        }
    }
}
