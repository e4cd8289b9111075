package io.foretell.huggingface;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The supported decoders, with the defaults that Hugging Face transformers uses for keys missing from {@code
 * config.json}.
 *
 * <p>An architecture that differs only in its defaults and traits needs one constant here and a case in {@link
 * AttentionPattern#read}. Another attention layout across layers also needs {@link AttentionPattern#write}. Another
 * tensor needs {@link ModelConfig#parameters}, and {@code WeightLayout} and {@code program.py} in the policy module.
 * Each has a fixture in {@code ParityTest}, which compares it with transformers.
 *
 * @see ModelConfigJson
 */
enum Architecture {
    LLAMA("LlamaForCausalLM", 0, 0, 2048, 10_000, false, Trait.ATTENTION_BIAS, Trait.MLP_BIAS),
    MISTRAL("MistralForCausalLM", 8, 0, 131_072, 10_000, false),
    QWEN2("Qwen2ForCausalLM", 32, 0, 32_768, 10_000, false, Trait.QKV_BIAS),
    QWEN3("Qwen3ForCausalLM", 32, 128, 32_768, 10_000, false, Trait.QK_NORM, Trait.ATTENTION_BIAS),
    SMOLLM3("SmolLM3ForCausalLM", 4, 0, 32_768, 2_000_000, true, Trait.ATTENTION_BIAS, Trait.MLP_BIAS);

    /** Features that only some architectures have. */
    private enum Trait {
        QK_NORM,
        QKV_BIAS,
        ATTENTION_BIAS,
        MLP_BIAS
    }

    final String className;

    /** Key and value heads; 0 for as many as query heads. */
    final int kvHeads;

    /** Size of a head; 0 for width / heads. */
    final int headDim;

    final int maxPositions;
    final double ropeTheta;
    final boolean tied;

    /** Whether queries and keys are normalised per head. */
    final boolean qkNorm;

    /** Whether the projections to queries, keys and values have biases. */
    final boolean qkvBias;

    /** Whether {@code attention_bias} would add biases to all four projections of the attention. */
    final boolean readsAttentionBias;

    /** Whether {@code mlp_bias} would add biases to the feed-forward part. */
    final boolean readsMlpBias;

    Architecture(
            String className,
            int kvHeads,
            int headDim,
            int maxPositions,
            double ropeTheta,
            boolean tied,
            Trait... traits) {
        this.className = className;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.maxPositions = maxPositions;
        this.ropeTheta = ropeTheta;
        this.tied = tied;
        Set<Trait> has = Set.of(traits);
        this.qkNorm = has.contains(Trait.QK_NORM);
        this.qkvBias = has.contains(Trait.QKV_BIAS);
        this.readsAttentionBias = has.contains(Trait.ATTENTION_BIAS);
        this.readsMlpBias = has.contains(Trait.MLP_BIAS);
    }

    /** As in {@code config.json}: "llama". */
    String modelType() {
        return name().toLowerCase(Locale.ROOT);
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
}
