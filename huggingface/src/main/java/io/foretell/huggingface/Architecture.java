package io.foretell.huggingface;

import java.util.Arrays;
import java.util.List;

/**
 * The decoders that the program computes, with what Hugging Face transformers assumes where {@code config.json} is
 * silent.
 *
 * @see ModelConfigJson
 */
enum Architecture {
    LLAMA("LlamaForCausalLM", 0, 0, 2048, 10_000, false),
    MISTRAL("MistralForCausalLM", 8, 0, 131_072, 10_000, false),
    QWEN2("Qwen2ForCausalLM", 32, 0, 32_768, 10_000, false),
    QWEN3("Qwen3ForCausalLM", 32, 128, 32_768, 10_000, false),
    SMOLLM3("SmolLM3ForCausalLM", 4, 0, 32_768, 2_000_000, true);

    final String className;

    /** Key and value heads, or 0 for as many as query heads. */
    final int kvHeads;

    /** Size of a head, or 0 for the width divided by the heads. */
    final int headDim;

    final int maxPositions;
    final double ropeTheta;
    final boolean tied;

    Architecture(String className, int kvHeads, int headDim, int maxPositions, double ropeTheta, boolean tied) {
        this.className = className;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.maxPositions = maxPositions;
        this.ropeTheta = ropeTheta;
        this.tied = tied;
    }

    /** As in {@code config.json}: "llama". */
    String modelType() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    static List<String> modelTypes() {
        return Arrays.stream(values()).map(Architecture::modelType).toList();
    }

    static Architecture of(String modelType) {
        for (Architecture each : values()) {
            if (each.modelType().equals(modelType)) {
                return each;
            }
        }
        throw new PolicyException("model_type '" + modelType + "' is not supported; supported are " + modelTypes());
    }

    /** Whether queries and keys are normed per head. */
    boolean qkNorm() {
        return this == QWEN3;
    }

    /** Whether the projections to queries, keys and values have biases. */
    boolean qkvBias() {
        return this == QWEN2;
    }

    /** Whether {@code attention_bias} would add biases to all four projections of the attention. */
    boolean readsAttentionBias() {
        return this == LLAMA || this == QWEN3 || this == SMOLLM3;
    }

    /** Whether {@code mlp_bias} would add biases to the feed-forward part. */
    boolean readsMlpBias() {
        return this == LLAMA || this == SMOLLM3;
    }
}
