package io.foretell.policy;

import io.foretell.domain.PolicyRole;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.Safetensors;
import io.foretell.huggingface.Slice;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Moves weights, teacher and optimizer between folders and the program. Tensors are staged as they are read, and the
 * switch happens only when all are complete. Confined to the policy's thread.
 */
final class PolicyWeights {
    private final PolicyProgram program;
    private final PolicyOptions.Use use;
    private final ModelConfig config;
    private final List<ModelConfig.Parameter> parameters;
    private final WeightLayout layout;
    private final List<OptimizerState> states;
    private final PolicyFiles files;

    PolicyWeights(PolicyProgram program, PolicyOptions.Use use, ModelConfig config) {
        this.program = program;
        this.use = use;
        this.config = config;
        this.parameters = config.parameters();
        this.layout = new WeightLayout(config);
        this.states = OptimizerState.of(program);
        this.files = new PolicyFiles(config, layout, states);
    }

    void load(Path folder) {
        boolean hasTeacher = use != PolicyOptions.Use.SAMPLING
                && (Files.isRegularFile(folder.resolve("ema.safetensors"))
                        || Files.isRegularFile(folder.resolve("ema.safetensors.index.json")));
        try {
            stage(Safetensors.open(folder, "model"), parameters);
            if (hasTeacher) {
                stage(Safetensors.open(folder, "ema"), parameters);
            }
            switchTo(Policy.LIVE, parts());
            if (hasTeacher) {
                switchTo(Policy.EMA, parts());
            } else if (use != PolicyOptions.Use.SAMPLING) {
                resetTeacher();
            }
        } finally {
            program.run("discard_staged");
        }
    }

    void loadOptimizer(Path folder, String name) {
        try {
            stage(Safetensors.open(folder, name), files.optimizer());
            long[] single = new long[layout.tensors().size()];
            Arrays.fill(single, 1);
            states.forEach(state -> switchTo(state.slot(), state.likeWeight() ? parts() : single));
        } finally {
            program.run("discard_staged");
        }
    }

    /** Makes the teacher a copy of the live weights. */
    private void resetTeacher() {
        program.run("reset_teacher");
    }

    void save(Path folder, Path origin) {
        files.writeModel(folder, origin, this::values);
    }

    void saveOptimizer(Path file) {
        files.writeOptimizer(file, this::values);
    }

    PolicyCopy newCopy() {
        return new PolicyCopy(config, layout, states, files);
    }

    /** The values of every parameter, in the model's order. */
    List<float[]> values(PolicyRole which) {
        int slot = which == PolicyRole.LIVE ? Policy.LIVE : Policy.EMA;
        return IntStream.range(0, parameters.size())
                .mapToObj(i -> {
                    FloatBuffer values =
                            values(slot, i, new Slice(0, parameters.get(i).shape()));
                    float[] copy = new float[values.remaining()];
                    values.get(copy);
                    return copy;
                })
                .toList();
    }

    /** Stages more tensors without touching those in use. */
    private void stage(Safetensors tensors, List<ModelConfig.Parameter> wanted) {
        for (ModelConfig.Parameter parameter : wanted) {
            tensors.read(parameter.name(), parameter.shape(), (slice, values) -> {
                long[] shape =
                        slice.shape().stream().mapToLong(Integer::longValue).toArray();
                program.run("stage", inputs -> inputs.floats(values, shape));
            });
        }
    }

    /** Number of staged slices in each of the program's tensors. */
    private long[] parts() {
        return layout.tensors().stream()
                .mapToLong(joined -> joined.stream()
                        .mapToInt(parameter -> Slice.of(parameter.shape()).size())
                        .sum())
                .toArray();
    }

    /** Joins the first staged slices by {@code parts} and puts them into {@code slot}. */
    private void switchTo(int slot, long[] parts) {
        program.run("use_staged", inputs -> inputs.integer(slot).integers(parts, parts.length));
    }

    private FloatBuffer values(int slot, int parameter, Slice slice) {
        if (use != PolicyOptions.Use.TRAINING) {
            throw new IllegalStateException("a policy opened for " + use + " keeps no weights to read");
        }
        return slice.shape().isEmpty()
                ? values(slot, new WeightLayout.Place(parameter, 0, 0))
                : values(slot, layout.place(parameters.get(parameter)).part(slice));
    }

    private FloatBuffer values(int slot, WeightLayout.Place place) {
        return program.call(
                "read",
                inputs -> inputs.integer(slot)
                        .integer(place.index())
                        .integer(place.from())
                        .integer(place.to()),
                array -> array.toByteBuffer().order(ByteOrder.nativeOrder()).asFloatBuffer());
    }
}
