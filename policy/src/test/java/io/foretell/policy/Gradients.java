package io.foretell.policy;

import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.Safetensors;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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
}
