package io.foretell.huggingface;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Locale;

/**
 * A fresh model: weights from a normal distribution around 0, projections back into the residual
 * stream scaled by 1/sqrt(2 * layers) (as GPT-2), norms 1, biases 0. The same seed gives the same bytes.
 */
public final class RandomWeights {
    private RandomWeights() {}

    /** Receives the bytes of weights written so far, and their total. */
    @FunctionalInterface
    public interface Progress {
        void written(long bytes, long total);
    }

    /** The default standard deviation of fresh matrices. */
    public static final double DEVIATION = 0.02;

    /** Like {@link #write(Path, ModelConfig, Path, long, double)} with the default deviation. */
    public static void write(Path folder, ModelConfig config, Path tokenizer, long seed) {
        write(folder, config, tokenizer, seed, DEVIATION);
    }

    /** Like {@link #write(Path, ModelConfig, Path, long, double, Progress)} without progress reports. */
    public static void write(Path folder, ModelConfig config, Path tokenizer, long seed, double deviation) {
        write(folder, config, tokenizer, seed, deviation, (bytes, total) -> {});
    }

    /**
     * Writes a Hugging Face folder with model.safetensors (or shards), a copy of {@code tokenizer} and, last,
     * config.json.
     *
     * @param deviation standard deviation of matrices and embeddings
     * @param progress receives progress on the weights
     * @throws PolicyException with one sentence, if the folder cannot be written or has too little space
     */
    public static void write(
            Path folder, ModelConfig config, Path tokenizer, long seed, double deviation, Progress progress) {
        try (RandomValues random = new RandomValues(config, seed, deviation)) {
            Files.createDirectories(folder);
            long total = Float.BYTES * config.parameterCount();
            requireSpace(folder, total);
            Files.copy(tokenizer, folder.resolve("tokenizer.json"), StandardCopyOption.REPLACE_EXISTING);
            long[] written = {0};
            Slice.Source source = (index, slice) -> {
                FloatBuffer values = random.values(index, slice);
                progress.written(written[0], total);
                written[0] += Float.BYTES * slice.size();
                return values;
            };
            SafetensorsWriter.folder(
                    folder, "model", config.parameters(), FloatFormat.F32, SafetensorsWriter.SHARD_BYTES, source);
            Files.write(folder.resolve("config.json"), config.json());
        } catch (IOException e) {
            throw new PolicyException("cannot write the policy folder " + folder + ": " + FileTrouble.reason(e), e);
        }
    }

    private static void requireSpace(Path folder, long bytes) throws IOException {
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < bytes) {
            throw new PolicyException(String.format(
                    Locale.ROOT,
                    "the weights need %.1f MB but %s has only %.1f MB left",
                    bytes / 1e6,
                    folder,
                    free / 1e6));
        }
    }
}
