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

/** The files of a policy and its optimizer, and the tensors in them. Immutable. */
final class PolicyFiles {
    private static final List<String> BESIDE_WEIGHTS = List.of(
            "tokenizer.json",
            "tokenizer_config.json",
            "special_tokens_map.json",
            "chat_template.jinja",
            "generation_config.json");

    private final ModelConfig config;
    private final List<ModelConfig.Parameter> parameters;
    private final List<OptimizerEntry> optimizer = new ArrayList<>();

    /**
     * Tensor {@code index} of a state: an index of the parameters, or of the program's tensors if the state is one
     * number per tensor.
     */
    private record OptimizerEntry(OptimizerState state, int index, ModelConfig.Parameter parameter) {}

    /** Source of the values. */
    @FunctionalInterface
    interface Values {
        /**
         * @param slot index in the program's lists of tensors
         * @param index index of a parameter; of one of the program's tensors if {@code slice} is a single number
         */
        FloatBuffer of(int slot, int index, Slice slice);
    }

    PolicyFiles(ModelConfig config, WeightLayout layout, List<OptimizerState> states) {
        this.config = config;
        this.parameters = config.parameters();
        // A number per program tensor is named after the first parameter in that tensor.
        List<ModelConfig.Parameter> numbers = layout.tensors().stream()
                .map(joined -> new ModelConfig.Parameter(joined.get(0).name(), List.of()))
                .toList();
        for (OptimizerState state : states) {
            List<ModelConfig.Parameter> kept = state.likeWeight() ? parameters : numbers;
            for (int i = 0; i < kept.size(); i++) {
                String name = state.name() + "." + kept.get(i).name();
                optimizer.add(new OptimizerEntry(
                        state, i, new ModelConfig.Parameter(name, kept.get(i).shape())));
            }
        }
    }

    /**
     * Writes a Hugging Face folder and the teacher; files other than weights and configuration are copied from {@code
     * origin}.
     */
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
        SafetensorsWriter.file(file, optimizer(), FloatFormat.F32, (i, slice) -> {
            OptimizerEntry entry = optimizer.get(i);
            return values.of(entry.state().slot(), entry.index(), slice);
        });
    }

    /** The contents of the optimizer's file, state by state. */
    List<ModelConfig.Parameter> optimizer() {
        return optimizer.stream().map(OptimizerEntry::parameter).toList();
    }
}
