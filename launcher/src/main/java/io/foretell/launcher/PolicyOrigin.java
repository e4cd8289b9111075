package io.foretell.launcher;

import io.foretell.policy.HuggingFaceTokenizer;
import io.foretell.policy.ModelConfig;
import io.foretell.policy.PolicyException;
import io.foretell.policy.RandomWeights;
import io.foretell.policy.TokenizerFiles;
import io.foretell.streams.ChainCorpus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where a run's policy starts: a given Hugging Face folder, or a fresh model written once into the run's folder. */
final class PolicyOrigin {
    private PolicyOrigin() {}

    static Path of(ForetellConfig config) {
        String given = config.policy().path();
        if (given != null) {
            return Path.of(given);
        }
        Path folder = config.folder().resolve("init");
        if (!Files.isRegularFile(folder.resolve("model.safetensors"))) {
            ForetellConfig.InitSection init = config.policy().init();
            write(
                    folder,
                    init.arch(),
                    init.size(),
                    init.tokenizer(),
                    init.std(),
                    config.run().seed());
        }
        return folder;
    }

    /** Writes a fresh model. @param tokenizer bytes, chain or the path of a tokenizer.json */
    static ModelConfig write(Path folder, String arch, String size, String tokenizer, double std, long seed) {
        try {
            Files.createDirectories(folder);
            Path file = folder.resolve("tokenizer.json.aside");
            switch (tokenizer) {
                case "bytes" -> Files.write(file, TokenizerFiles.bytes());
                case "chain" -> Files.write(file, TokenizerFiles.words(ChainCorpus.vocabulary()));
                default -> Files.write(file, given(Path.of(tokenizer)));
            }
            int vocabulary;
            try (HuggingFaceTokenizer opened = HuggingFaceTokenizer.openFile(file)) {
                vocabulary = opened.vocabularySize();
            }
            ModelConfig config = ModelConfig.ofSize(arch, size, vocabulary);
            RandomWeights.write(folder, config, file, seed, std);
            Files.delete(file);
            return config;
        } catch (IOException e) {
            throw new PolicyException("cannot write the policy folder " + folder + ": " + e.getMessage(), e);
        }
    }

    private static byte[] given(Path tokenizer) throws IOException {
        if (!Files.isRegularFile(tokenizer)) {
            throw new PolicyException("there is no tokenizer " + tokenizer
                    + ": policy.init.tokenizer must be bytes, chain or the path of a tokenizer.json");
        }
        return Files.readAllBytes(tokenizer);
    }
}
