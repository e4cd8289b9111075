package io.foretell.huggingface;

import java.util.Arrays;
import java.util.Locale;

/** Shapes of fresh models by name; the vocabulary size comes from the tokenizer. */
enum ModelSizes {
    MICRO(32, 1, 2, 1, 16, 64),
    NANO(96, 3, 3, 1, 32, 256),
    TINY(128, 4, 4, 2, 32, 384),
    SMALL(256, 6, 4, 2, 64, 768),
    SIZE_29M(512, 8, 8, 4, 64, 1536),
    SIZE_125M(768, 12, 12, 4, 64, 3072),

    /** As Qwen3-0.6B. */
    SIZE_0_6B(1024, 28, 16, 8, 128, 3072);

    private final int width;
    private final int layers;
    private final int heads;
    private final int kvHeads;
    private final int headDim;
    private final int feedForward;

    ModelSizes(int width, int layers, int heads, int kvHeads, int headDim, int feedForward) {
        this.width = width;
        this.layers = layers;
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
        this.feedForward = feedForward;
    }

    /** The spelling on the command line: "29m". */
    private String spelling() {
        return name().toLowerCase(Locale.ROOT).replace("size_", "").replace('_', '.');
    }

    static ModelConfig of(String modelType, String spelling, int vocabularySize) {
        for (ModelSizes size : values()) {
            if (size.spelling().equals(spelling)) {
                boolean large = size == SIZE_0_6B;
                return new ModelConfig(
                        modelType,
                        size.width,
                        size.layers,
                        size.heads,
                        size.kvHeads,
                        size.headDim,
                        size.feedForward,
                        vocabularySize,
                        large ? 40_960 : 2048,
                        1e-6,
                        large ? 1_000_000 : 10_000,
                        true);
            }
        }
        throw new PolicyException("policy.init.size is '" + spelling + "' but must be one of "
                + Arrays.stream(values()).map(ModelSizes::spelling).toList());
    }
}
