package io.foretell.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.NullNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * The shape of a decoder, as a Hugging Face {@code config.json} describes it. Immutable.
 *
 * @param modelType "llama", "mistral", "qwen2", "qwen3" or "smollm3"
 * @param width hidden size (D)
 * @param layers decoder layers (L)
 * @param heads query heads (H)
 * @param kvHeads key and value heads (K)
 * @param headDim size of a head (Dh)
 * @param feedForward intermediate size (F)
 * @param vocabularySize rows of the embedding (V)
 * @param maxPositions longest context
 * @param normEps epsilon of the RMS norms
 * @param rope rotary embedding
 * @param attention which layers use a sliding window, which rotate
 * @param tied whether the output head is the embedding
 * @param others keys of {@code config.json} that have no meaning here and are written back unchanged
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
        Rope rope,
        AttentionPattern attention,
        boolean tied,
        Map<String, JsonNode> others) {

    public ModelConfig {
        Architecture.of(modelType);
        TreeMap<String, JsonNode> sorted = new TreeMap<>(others); // sorted, so files can be compared
        // Without the key, transformers uses the architecture's default, which need not be in the vocabulary.
        for (String key : List.of("bos_token_id", "eos_token_id", "pad_token_id")) {
            sorted.putIfAbsent(key, NullNode.getInstance());
        }
        others = Collections.unmodifiableMap(sorted);
        if (width < 1
                || layers < 1
                || heads < 1
                || kvHeads < 1
                || headDim < 2
                || feedForward < 1
                || vocabularySize < 2
                || heads % kvHeads != 0
                || headDim % 2 != 0
                || (long) heads * headDim > Integer.MAX_VALUE) {
            throw new PolicyException("the model's shape is not possible: hidden_size " + width + ", layers " + layers
                    + ", heads " + heads + ", key_value_heads " + kvHeads + ", head_dim " + headDim
                    + ", intermediate_size " + feedForward + ", vocab_size " + vocabularySize);
        }
        if (attention.sliding().size() != layers) {
            throw new IllegalArgumentException(attention + " is not one of " + layers + " layers");
        }
    }

    /** A model with an unscaled rotary embedding and its architecture's default attention. */
    public ModelConfig(
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
        this(
                modelType,
                width,
                layers,
                heads,
                kvHeads,
                headDim,
                feedForward,
                vocabularySize,
                maxPositions,
                normEps,
                Rope.of(ropeTheta),
                AttentionPattern.plain(Architecture.of(modelType), layers),
                tied,
                Map.of());
    }

    /** The same model, with the begin and end tokens named in its {@code config.json}. */
    public ModelConfig withTextTokens(OptionalInt begin, OptionalInt end) {
        Map<String, JsonNode> named = new TreeMap<>(others);
        begin.ifPresent(token -> named.put("bos_token_id", IntNode.valueOf(token)));
        end.ifPresent(token -> named.put("eos_token_id", IntNode.valueOf(token)));
        return new ModelConfig(
                modelType,
                width,
                layers,
                heads,
                kvHeads,
                headDim,
                feedForward,
                vocabularySize,
                maxPositions,
                normEps,
                rope,
                attention,
                tied,
                named);
    }

    /** One tensor of the model: name in the file, and shape. */
    public record Parameter(String name, List<Integer> shape) {
        public long size() {
            long size = 1;
            for (int side : shape) {
                size *= side;
            }
            return size;
        }
    }

    /**
     * The folder that a configuration key names.
     *
     * @param key the configuration key
     * @throws PolicyException with one sentence, if it does not exist
     */
    public static Path folder(String key, String named) {
        Path folder = Path.of(named);
        if (!Files.isDirectory(folder)) {
            throw new PolicyException(
                    key + " is " + named + " but there is no such folder: give a Hugging Face folder, or leave it out");
        }
        return folder;
    }

    /** Reads {@code folder/config.json}; rejects, in one sentence, a model that would not be computed exactly. */
    public static ModelConfig read(Path folder) {
        return ModelConfigJson.read(folder);
    }

    /** A {@code config.json} from which transformers builds the same model. */
    public byte[] json() {
        return ModelConfigJson.write(this);
    }

    Architecture architecture() {
        return Architecture.of(modelType);
    }

    public boolean qkNorm() {
        return architecture().qkNorm;
    }

    public boolean qkvBias() {
        return architecture().qkvBias;
    }

    /** Base of the rotary embedding. */
    double ropeTheta() {
        return rope.theta();
    }

    /** Rotation per position in radians for each pair of a head (Dh / 2), rounded as in transformers. */
    public float[] inverseFrequencies() {
        return rope.inverseFrequencies(headDim);
    }

    /** Per layer (L) the number of tokens visible to a query, itself included; 0 for all before it. */
    public int[] windows() {
        return attention.sliding().stream()
                .mapToInt(each -> each ? attention.window() : 0)
                .toArray();
    }

    /** Per layer (L) whether queries and keys are rotated by their positions. */
    public boolean[] rotary() {
        boolean[] rotary = new boolean[layers];
        for (int i = 0; i < layers; i++) {
            rotary[i] = attention.rotary().get(i);
        }
        return rotary;
    }

    /** All tensors, in the program's order. */
    public List<Parameter> parameters() {
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

    /** The constants packed into the program. */
    public Map<String, Object> attributes() {
        Map<String, Object> attributes = new LinkedHashMap<>();
        attributes.put("layers", layers);
        attributes.put("heads", heads);
        attributes.put("kv_heads", kvHeads);
        attributes.put("head_dim", headDim);
        attributes.put("qk_norm", qkNorm());
        attributes.put("qkv_bias", qkvBias());
        attributes.put("tied", tied);
        attributes.put("norm_eps", normEps);
        return attributes;
    }

    /** Sizes accepted by {@code foretell init --size}; the vocabulary comes from the tokenizer. */
    public static ModelConfig ofSize(String modelType, String size, int vocabularySize) {
        return ModelSizes.of(modelType, size, vocabularySize);
    }
}
