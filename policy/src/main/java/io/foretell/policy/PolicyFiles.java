package io.foretell.policy;

import io.foretell.huggingface.FloatFormat;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import io.foretell.huggingface.SafetensorsWriter;
import io.foretell.huggingface.Slice;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** Which files keep a policy and its optimizer, and which tensors are in them. Immutable. */
final class PolicyFiles {
    private static final List<String> BESIDE_WEIGHTS = List.of(
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "chat_template.jinja",
            "generation_config.json");

    private final ModelConfig config;
    private final List<ModelConfig.Parameter> parameters;
    private final WeightLayout layout;

    /** Where values come from. */
    @FunctionalInterface
    interface Values {
        /**
         * @param slot one of {@link Policy}'s
         * @param index of a parameter; of the program's tensors where {@code slot} has step counts
         */
        FloatBuffer of(int slot, int index, Slice slice);
    }

    PolicyFiles(ModelConfig config, WeightLayout layout) {
        this.config = config;
        this.parameters = config.parameters();
        this.layout = layout;
    }

    /** A Hugging Face folder with the teacher beside it; what is neither weights nor configuration comes from {@code origin}. */
    void writeModel(Path folder, Path origin, Values values) {
        try {
            Files.createDirectories(folder);
            Files.write(folder.resolve("config.json"), config.json());
            for (String name : BESIDE_WEIGHTS) {
                if (Files.isRegularFile(origin.resolve(name))) {
                    Files.copy(origin.resolve(name), folder.resolve(name), StandardCopyOption.REPLACE_EXISTING);
                }
            }
        } catch (IOException e) {
            throw new PolicyException("cannot write the policy folder " + folder + ": " + e.getMessage(), e);
        }
        writeWeights(folder, "model", (i, slice) -> values.of(Policy.LIVE, i, slice));
        writeWeights(folder, "ema", (i, slice) -> values.of(Policy.EMA, i, slice));
    }

    private void writeWeights(Path folder, String name, Slice.Source source) {
        SafetensorsWriter.folder(folder, name, parameters, FloatFormat.F32, SafetensorsWriter.SHARD_BYTES, source);
    }

    void writeOptimizer(Path file, Values values) {
        int n = parameters.size();
        SafetensorsWriter.file(
                file,
                optimizer(),
                FloatFormat.F32,
                (i, slice) -> i < 2 * n
                        ? values.of(Policy.FIRST_MOMENT + i / n, i % n, slice)
                        : values.of(Policy.ADAM_STEPS, i - 2 * n, slice));
    }

    /** Two moments of every parameter, and a step count of each of the program's tensors under its first part's name. */
    List<ModelConfig.Parameter> optimizer() {
        List<ModelConfig.Parameter> all = new ArrayList<>();
        for (String moment : List.of("first_moment.", "second_moment.")) {
            for (ModelConfig.Parameter parameter : parameters) {
                all.add(new ModelConfig.Parameter(moment + parameter.name(), parameter.shape()));
            }
        }
        for (List<ModelConfig.Parameter> tensor : layout.tensors()) {
            all.add(new ModelConfig.Parameter("steps." + tensor.get(0).name(), List.of()));
        }
        return all;
    }
}
