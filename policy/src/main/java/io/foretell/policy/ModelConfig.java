package io.foretell.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shape of a decoder, as a Hugging Face {@code config.json} describes it.
 *
 * @param modelType "qwen3", "qwen2" or "llama"
 * @param width hidden size (D)
 * @param layers decoder layers
 * @param heads query heads (H)
 * @param kvHeads key and value heads (K)
 * @param headDim size of a head (Dh)
 * @param feedForward intermediate size (F)
 * @param vocabularySize tokens the embedding has rows for (V)
 * @param maxPositions longest context
 * @param normEps epsilon of the RMS norms
 * @param ropeTheta base of the rotary embedding
 * @param tied whether the output head is the embedding
 */
public record ModelConfig(
        String modelType,
        int width,
        int layers,
        int heads,
        int kvHeads,
        int headDim,
        int feedForward,
        int vocabularySize,
        int maxPositions,
        double normEps,
        double ropeTheta,
        boolean tied) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Map<String, String> CLASSES =
            Map.of("qwen3", "Qwen3ForCausalLM", "qwen2", "Qwen2ForCausalLM", "llama", "LlamaForCausalLM");

    public ModelConfig {
        if (!CLASSES.containsKey(modelType)) {
            throw new PolicyException("model_type '" + modelType + "' is not supported; supported are "
                    + List.of("qwen3", "qwen2", "llama"));
        }
        if (width < 1
                || layers < 1
                || heads < 1
                || kvHeads < 1
                || headDim < 2
                || feedForward < 1
                || vocabularySize < 2
                || heads % kvHeads != 0
                || headDim % 2 != 0) {
            throw new PolicyException("the model's shape is not possible: hidden_size " + width + ", layers " + layers
                    + ", heads " + heads + ", key_value_heads " + kvHeads + ", head_dim " + headDim
                    + ", intermediate_size " + feedForward + ", vocab_size " + vocabularySize);
        }
    }

    /** One tensor of the model: its name in the file, its shape. */
    record Parameter(String name, List<Integer> shape) {
        long size() {
            long size = 1;
            for (int side : shape) {
                size *= side;
            }
            return size;
        }
    }

    /** Reads {@code folder/config.json}. */
    public static ModelConfig read(Path folder) {
        Path file = folder.resolve("config.json");
        if (!Files.isDirectory(folder)) {
            throw new PolicyException("there is no policy folder " + folder
                    + ": give policy.path a Hugging Face folder, or leave it out to start from policy.init");
        }
        if (!Files.isRegularFile(file)) {
            throw new PolicyException(folder + " is not a Hugging Face model folder: it has no config.json");
        }
        try {
            JsonNode json = JSON.readTree(Files.readAllBytes(file));
            return of(json);
        } catch (IOException e) {
            throw new PolicyException(file + " cannot be read as JSON: "
                    + e.getMessage().lines().findFirst().orElse(""));
        } catch (PolicyException e) {
            throw new PolicyException(file + ": " + e.getMessage(), e);
        }
    }

    private static ModelConfig of(JsonNode json) {
        String type = json.path("model_type").asText("");
        for (String key : List.of("rope_scaling", "rope_parameters")) {
            JsonNode rope = json.path(key);
            String kind = rope.path("rope_type").asText(rope.path("type").asText("default"));
            if (!kind.equals("default")) {
                throw new PolicyException("rope scaling '" + kind + "' is not supported yet");
            }
        }
        if (json.path("use_sliding_window").asBoolean(false)) {
            throw new PolicyException("sliding-window attention is not supported yet");
        }
        for (JsonNode layer : json.path("layer_types")) {
            if (!layer.asText().equals("full_attention")) {
                throw new PolicyException("layers of type '" + layer.asText() + "' are not supported yet");
            }
        }
        for (String key : List.of("attention_bias", "mlp_bias")) {
            if (json.path(key).asBoolean(false)) {
                throw new PolicyException(key + " is not supported for " + type);
            }
        }
        String activation = json.path("hidden_act").asText("silu");
        if (!activation.equals("silu")) {
            throw new PolicyException("hidden_act '" + activation + "' is not supported; silu is");
        }
        int width = integer(json, "hidden_size");
        int heads = integer(json, "num_attention_heads");
        double theta = json.path("rope_theta")
                .asDouble(json.path("rope_parameters").path("rope_theta").asDouble(10000));
        return new ModelConfig(
                type,
                width,
                integer(json, "num_hidden_layers"),
                heads,
                json.path("num_key_value_heads").asInt(heads),
                json.path("head_dim").asInt(type.equals("qwen3") ? 128 : width / Math.max(1, heads)),
                integer(json, "intermediate_size"),
                integer(json, "vocab_size"),
                json.path("max_position_embeddings").asInt(2048),
                json.path("rms_norm_eps").asDouble(1e-6),
                theta,
                json.path("tie_word_embeddings").asBoolean(false));
    }

    private static int integer(JsonNode json, String key) {
        if (!json.path(key).isInt()) {
            throw new PolicyException("'" + key + "' is missing or not a whole number");
        }
        return json.path(key).asInt();
    }

    boolean qkNorm() {
        return modelType.equals("qwen3");
    }

    boolean qkvBias() {
        return modelType.equals("qwen2");
    }

    /** Every tensor in the order in which the program keeps them. */
    List<Parameter> parameters() {
        List<Parameter> list = new ArrayList<>();
        list.add(new Parameter("model.embed_tokens.weight", List.of(vocabularySize, width)));
        for (int i = 0; i < layers; i++) {
            String layer = "model.layers." + i + ".";
            String attention = layer + "self_attn.";
            list.add(new Parameter(layer + "input_layernorm.weight", List.of(width)));
            list.add(new Parameter(attention + "q_proj.weight", List.of(heads * headDim, width)));
            list.add(new Parameter(attention + "k_proj.weight", List.of(kvHeads * headDim, width)));
            list.add(new Parameter(attention + "v_proj.weight", List.of(kvHeads * headDim, width)));
            if (qkvBias()) {
                list.add(new Parameter(attention + "q_proj.bias", List.of(heads * headDim)));
                list.add(new Parameter(attention + "k_proj.bias", List.of(kvHeads * headDim)));
                list.add(new Parameter(attention + "v_proj.bias", List.of(kvHeads * headDim)));
            }
            if (qkNorm()) {
                list.add(new Parameter(attention + "q_norm.weight", List.of(headDim)));
                list.add(new Parameter(attention + "k_norm.weight", List.of(headDim)));
            }
            list.add(new Parameter(attention + "o_proj.weight", List.of(width, heads * headDim)));
            list.add(new Parameter(layer + "post_attention_layernorm.weight", List.of(width)));
            list.add(new Parameter(layer + "mlp.gate_proj.weight", List.of(feedForward, width)));
            list.add(new Parameter(layer + "mlp.up_proj.weight", List.of(feedForward, width)));
            list.add(new Parameter(layer + "mlp.down_proj.weight", List.of(width, feedForward)));
        }
        list.add(new Parameter("model.norm.weight", List.of(width)));
        if (!tied) {
            list.add(new Parameter("lm_head.weight", List.of(vocabularySize, width)));
        }
        return list;
    }

    /** Number of weights. */
    public long parameterCount() {
        return parameters().stream().mapToLong(Parameter::size).sum();
    }

    /** The constants that the program is packed with. */
    Map<String, Object> attributes() {
        Map<String, Object> attributes = new LinkedHashMap<>();
        attributes.put("layers", layers);
        attributes.put("heads", heads);
        attributes.put("kv_heads", kvHeads);
        attributes.put("head_dim", headDim);
        attributes.put("qk_norm", qkNorm());
        attributes.put("qkv_bias", qkvBias());
        attributes.put("tied", tied);
        attributes.put("norm_eps", normEps);
        attributes.put("rope_theta", ropeTheta);
        return attributes;
    }

    /** A {@code config.json} that {@code transformers} reads. */
    byte[] json() {
        ObjectNode json = JSON.createObjectNode();
        json.putArray("architectures").add(CLASSES.get(modelType));
        json.put("model_type", modelType);
        json.put("hidden_size", width);
        json.put("num_hidden_layers", layers);
        json.put("num_attention_heads", heads);
        json.put("num_key_value_heads", kvHeads);
        json.put("head_dim", headDim);
        json.put("intermediate_size", feedForward);
        json.put("vocab_size", vocabularySize);
        json.put("max_position_embeddings", maxPositions);
        json.put("rms_norm_eps", normEps);
        json.put("rope_theta", ropeTheta);
        json.put("tie_word_embeddings", tied);
        json.put("hidden_act", "silu");
        json.put("attention_bias", false);
        json.put("torch_dtype", "float32");
        try {
            return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(json);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Sizes that {@code foretell init --size} knows; the vocabulary comes from the tokenizer. */
    public static ModelConfig ofSize(String modelType, String size, int vocabularySize) {
        int[] shape = switch (size) {
            case "micro" -> new int[] {32, 1, 2, 1, 16, 64};
            case "nano" -> new int[] {96, 3, 3, 1, 32, 256};
            case "tiny" -> new int[] {128, 4, 4, 2, 32, 384};
            case "small" -> new int[] {256, 6, 4, 2, 64, 768};
            case "29m" -> new int[] {512, 8, 8, 4, 64, 1536};
            case "125m" -> new int[] {768, 12, 12, 4, 64, 3072};
            default ->
                throw new PolicyException("policy.init.size is '" + size + "' but must be one of "
                        + List.of("micro", "nano", "tiny", "small", "29m", "125m"));
        };
        return new ModelConfig(
                modelType,
                shape[0],
                shape[1],
                shape[2],
                shape[3],
                shape[4],
                shape[5],
                vocabularySize,
                2048,
                1e-6,
                10000,
                true);
    }
}
