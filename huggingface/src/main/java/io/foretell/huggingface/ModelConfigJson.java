package io.foretell.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A {@code config.json} as Hugging Face transformers reads and writes it, in the spelling of version 4 ({@code
 * rope_theta}, {@code rope_scaling}) and of version 5 ({@code rope_parameters}). Unsupported keys that would change the
 * numbers are rejected by name; keys without meaning here, such as {@code eos_token_id}, are preserved.
 */
final class ModelConfigJson {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Set<String> ACTIVATIONS = Set.of("silu", "swish");

    /** Keys that are not preserved: they are written from our fields, or are another spelling of such a key. */
    private static final Set<String> OWN = Set.of(
            "architectures",
            "model_type",
            "hidden_size",
            "num_hidden_layers",
            "num_attention_heads",
            "num_key_value_heads",
            "head_dim",
            "intermediate_size",
            "vocab_size",
            "max_position_embeddings",
            "rms_norm_eps",
            "rope_theta",
            "rope_scaling",
            "rope_parameters",
            "partial_rotary_factor",
            "original_max_position_embeddings",
            "tie_word_embeddings",
            "hidden_act",
            "attention_bias",
            "mlp_bias",
            "use_sliding_window",
            "sliding_window",
            "max_window_layers",
            "layer_types",
            "no_rope_layers",
            "no_rope_layer_interval",
            "torch_dtype",
            "dtype");

    private ModelConfigJson() {}

    /** Reads {@code folder/config.json}. */
    static ModelConfig read(Path folder) {
        Path file = folder.resolve("config.json");
        if (!Files.isDirectory(folder)) {
            throw new PolicyException("there is no folder " + folder + ": give a Hugging Face folder");
        }
        if (!Files.isRegularFile(file)) {
            throw new PolicyException(folder + " is not a Hugging Face model folder: it has no config.json");
        }
        try {
            return of(JSON.readTree(Files.readAllBytes(file)));
        } catch (IOException e) {
            throw new PolicyException(file + " cannot be read as JSON: "
                    + e.getMessage().lines().findFirst().orElse(""));
        } catch (PolicyException e) {
            throw new PolicyException(file + ": " + e.getMessage(), e);
        }
    }

    private static ModelConfig of(JsonNode json) {
        String type = json.path("model_type").asText("");
        Architecture architecture = Architecture.of(type);
        refuseUnsupported(architecture, json);
        int width = ConfigNumbers.integer(json, "hidden_size");
        int layers = ConfigNumbers.integer(json, "num_hidden_layers");
        int heads = ConfigNumbers.integer(json, "num_attention_heads");
        int headDim = architecture.headDim > 0 ? architecture.headDim : width / Math.max(1, heads);
        // null means one per query head, a missing key the architecture's default
        boolean isGiven = json.has("num_key_value_heads");
        int kvHeads = isGiven || architecture.kvHeads == 0 ? heads : architecture.kvHeads;
        int maxPositions = ConfigNumbers.integer(json, "max_position_embeddings", architecture.maxPositions);
        return new ModelConfig(
                type,
                width,
                layers,
                heads,
                ConfigNumbers.integer(json, "num_key_value_heads", kvHeads),
                ConfigNumbers.integer(json, "head_dim", headDim),
                ConfigNumbers.integer(json, "intermediate_size"),
                ConfigNumbers.integer(json, "vocab_size"),
                maxPositions,
                ConfigNumbers.decimal(json, "rms_norm_eps", 1e-6),
                Rope.read(json, architecture.ropeTheta, maxPositions),
                AttentionPattern.read(architecture, json, layers),
                ConfigNumbers.flag(json, "tie_word_embeddings", architecture.tied),
                carried(json));
    }

    private static void refuseUnsupported(Architecture architecture, JsonNode json) {
        if (architecture.readsAttentionBias && ConfigNumbers.flag(json, "attention_bias", false)) {
            throw new PolicyException("'attention_bias' is not supported for " + architecture.modelType());
        }
        if (architecture.readsMlpBias && ConfigNumbers.flag(json, "mlp_bias", false)) {
            throw new PolicyException("'mlp_bias' is not supported for " + architecture.modelType());
        }
        String activation = json.path("hidden_act").asText("silu");
        if (!ACTIVATIONS.contains(activation)) {
            throw new PolicyException("'hidden_act' is '" + activation + "', which is not supported; silu is");
        }
        if (!ConfigNumbers.isAbsent(json, "quantization_config")) {
            throw new PolicyException("'quantization_config': quantized weights are not supported");
        }
    }

    private static Map<String, JsonNode> carried(JsonNode json) {
        Map<String, JsonNode> others = new TreeMap<>();
        json.properties().forEach(entry -> {
            if (!OWN.contains(entry.getKey())) {
                others.put(entry.getKey(), entry.getValue());
            }
        });
        return others;
    }

    /** The same model, in the spelling that every version of transformers reads. */
    static byte[] write(ModelConfig config) {
        Architecture architecture = config.architecture();
        ObjectNode json = JSON.createObjectNode();
        json.putArray("architectures").add(architecture.className);
        json.put("model_type", config.modelType());
        json.put("hidden_size", config.width());
        json.put("num_hidden_layers", config.layers());
        json.put("num_attention_heads", config.heads());
        json.put("num_key_value_heads", config.kvHeads());
        json.put("head_dim", config.headDim());
        json.put("intermediate_size", config.feedForward());
        json.put("vocab_size", config.vocabularySize());
        json.put("max_position_embeddings", config.maxPositions());
        json.put("rms_norm_eps", config.normEps());
        config.rope().write(json);
        config.attention().write(json, architecture);
        json.put("tie_word_embeddings", config.tied());
        json.put("hidden_act", "silu");
        if (architecture.readsAttentionBias) {
            json.put("attention_bias", false);
        }
        if (architecture.readsMlpBias) {
            json.put("mlp_bias", false);
        }
        json.put("torch_dtype", "float32");
        config.others().forEach(json::set);
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(json);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
