package io.foretell.lab.bench;

import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import io.foretell.huggingface.RandomWeights;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyOptions;
import io.foretell.policy.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A fresh random model to measure. Its vocabulary is larger than its tokenizer's: its input is tokens, not text.
 *
 * @param folder a Hugging Face folder
 */
record BenchModel(Path folder, ModelConfig config) {
    static final int VOCABULARY = 8192;

    /** Size of the KV cache in tokens. */
    private static final int CACHE_TOKENS = 1 << 17;

    static BenchModel write(Path folder, String size, int vocabulary, double deviation) {
        ModelConfig config = ModelConfig.ofSize("qwen3", size, vocabulary);
        try {
            Files.createDirectories(folder);
            Path tokenizer = Files.write(folder.resolve("tokenizer.json.aside"), TokenizerFiles.bytes());
            RandomWeights.write(folder, config, tokenizer, 1, deviation);
            Files.delete(tokenizer);
        } catch (IOException e) {
            throw new PolicyException("cannot write the policy folder " + folder + ": " + e.getMessage(), e);
        }
        return new BenchModel(folder, config);
    }

    Policy open(Precision precision, PolicyOptions.Use use) {
        return open(precision, use, PolicyOptions.DEFAULT.rows());
    }

    /** @param rows maximum active continuations */
    Policy open(Precision precision, PolicyOptions.Use use, int rows) {
        return Policy.open(
                folder,
                PolicyOptions.DEFAULT
                        .withThreads(threads())
                        .withCacheTokens(CACHE_TOKENS)
                        .withRows(rows)
                        .with(precision)
                        .with(use));
    }

    static int threads() {
        return Runtime.getRuntime().availableProcessors();
    }

    long weights() {
        return config.parameterCount();
    }

    /** Random token sequences; another seed gives other sequences. */
    List<TokenArray> texts(int count, int length, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return IntStream.range(0, count)
                .mapToObj(i -> TokenArray.of(
                        random.ints(length, 0, config.vocabularySize()).toArray()))
                .toList();
    }
}
