package io.foretell.server;

import io.foretell.huggingface.FileTrouble;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.PolicyException;
import io.foretell.huggingface.RandomWeights;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.sources.SyntheticCorpora;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Where a run's policy starts: a given Hugging Face folder, or a fresh model written once into the run's folder. */
public final class PolicyOrigin {
    private PolicyOrigin() {}

    public static Path folder(ForetellConfig config) {
        String given = config.policy().path();
        if (given != null) {
            return ModelConfig.folder("policy.path", given);
        }
        Path folder = config.folder().resolve("init");
        if (!Files.isRegularFile(folder.resolve("config.json"))) { // written last
            PolicySettings.Init init = config.policy().init();
            write(
                    folder,
                    init.arch(),
                    init.size(),
                    init.tokenizer(),
                    init.initStd(),
                    config.run().seed());
        }
        return folder;
    }

    /**
     * Like {@link #write(Path, String, String, String, double, long, RandomWeights.Progress)}, without progress
     * reports.
     */
    public static ModelConfig write(Path folder, String arch, String size, String tokenizer, double std, long seed) {
        return write(folder, arch, size, tokenizer, std, seed, (bytes, total) -> {});
    }

    /**
     * Writes a fresh model.
     *
     * @param tokenizer bytes, the name of a generator for its words, or the path of a tokenizer.json or of a folder
     *     that contains one
     * @param progress is told how much of the weights is written
     */
    public static ModelConfig write(
            Path folder,
            String arch,
            String size,
            String tokenizer,
            double std,
            long seed,
            RandomWeights.Progress progress) {
        Path file = folder.resolve("tokenizer.json.aside");
        try {
            Files.createDirectories(folder);
            Files.write(file, tokenizer(tokenizer));
            ModelConfig config;
            try (HuggingFaceTokenizer opened = HuggingFaceTokenizer.openFile(file)) {
                config = ModelConfig.ofSize(arch, size, opened.vocabularySize())
                        .withTextTokens(opened.beginOfText(), opened.endOfText());
            }
            RandomWeights.write(folder, config, file, seed, std, progress);
            return config;
        } catch (IOException e) {
            throw new PolicyException("cannot write the policy folder " + folder + ": " + FileTrouble.reason(e), e);
        } finally {
            delete(file);
        }
    }

    private static byte[] tokenizer(String name) throws IOException {
        List<String> words = SyntheticCorpora.vocabulary(name);
        if (words != null) {
            return TokenizerFiles.words(words);
        }
        return name.equals("bytes") ? TokenizerFiles.bytes() : given(Path.of(name));
    }

    private static void delete(Path file) {
        try {
            if (Files.exists(file)) {
                Files.delete(file);
            }
        } catch (IOException e) {
            Console.warn("cannot delete " + file + ": " + FileTrouble.reason(e));
        }
    }

    private static byte[] given(Path path) throws IOException {
        Path tokenizer = Files.isDirectory(path) ? path.resolve("tokenizer.json") : path;
        if (!Files.isRegularFile(tokenizer)) {
            throw new PolicyException("there is no tokenizer " + tokenizer
                    + ": policy.init.tokenizer must be bytes, a generator ("
                    + String.join(", ", SyntheticCorpora.names())
                    + ") or the path of a tokenizer.json");
        }
        return Files.readAllBytes(tokenizer);
    }
}
