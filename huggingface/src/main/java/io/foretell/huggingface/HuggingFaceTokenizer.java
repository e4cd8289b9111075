package io.foretell.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.platform.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;

/**
 * The tokenizer of a Hugging Face folder ({@code tokenizer.json}), run by the Hugging Face tokenizers library.
 * Thread-safe.
 */
public final class HuggingFaceTokenizer implements Tokenizer, AutoCloseable {
    private static final List<String> BEGIN = List.of("<|begin_of_text|>", "<s>", "<bos>");
    private static final List<String> END = List.of("<|endoftext|>", "<|end_of_text|>", "</s>", "<eos>", "<|im_end|>");

    private final ai.djl.huggingface.tokenizers.HuggingFaceTokenizer tokenizer;
    private final Map<String, Integer> ids = new HashMap<>();
    private final OptionalInt begin;
    private final OptionalInt end;
    private final int size;
    private final String fingerprint;

    private HuggingFaceTokenizer(Path file, byte[] bytes) throws IOException {
        this.tokenizer = ai.djl.huggingface.tokenizers.HuggingFaceTokenizer.newInstance(
                file, Map.of("truncation", "false", "padding", "false", "addSpecialTokens", "false"));
        JsonNode json = new ObjectMapper().readTree(bytes);
        JsonNode vocabulary = json.path("model").path("vocab");
        if (vocabulary.isObject()) {
            vocabulary
                    .properties()
                    .forEach(entry -> ids.put(entry.getKey(), entry.getValue().asInt()));
        }
        json.path("added_tokens")
                .forEach(token ->
                        ids.put(token.path("content").asText(), token.path("id").asInt()));
        this.size = ids.values().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1;
        this.begin = first(BEGIN);
        this.end = first(END);
        this.fingerprint = Sha256.hex(Sha256.of(bytes));
    }

    /** Opens {@code folder/tokenizer.json}. */
    public static HuggingFaceTokenizer open(Path folder) {
        return openFile(folder.resolve("tokenizer.json"));
    }

    /** Opens a {@code tokenizer.json}. */
    public static HuggingFaceTokenizer openFile(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new PolicyException("there is no tokenizer " + file);
        }
        try {
            DjlSettings.apply();
            return new HuggingFaceTokenizer(file, Files.readAllBytes(file));
        } catch (IOException | RuntimeException e) {
            throw new PolicyException(file + " is not a tokenizer that can be used: " + e.getMessage(), e);
        }
    }

    private OptionalInt first(List<String> candidates) {
        return candidates.stream().filter(ids::containsKey).mapToInt(ids::get).findFirst();
    }

    @Override
    public TokenArray encode(String text) {
        long[] found = tokenizer.encode(text, false, false).getIds();
        int[] tokens = new int[found.length];
        for (int i = 0; i < found.length; i++) {
            tokens[i] = (int) found[i];
        }
        return TokenArray.of(tokens);
    }

    @Override
    public String decode(TokenArray tokens) {
        long[] wide = new long[tokens.length()];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = tokens.at(i);
        }
        return tokenizer.decode(wide, false);
    }

    @Override
    public OptionalInt idOf(String token) {
        Integer id = ids.get(token);
        return id == null ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** Why token ids of {@code other} are incompatible: the first difference; empty if they are compatible. */
    public Optional<String> difference(Tokenizer other) {
        if (fingerprint.equals(other.fingerprint())) {
            return Optional.empty();
        }
        for (String token : new TreeSet<>(ids.keySet())) {
            OptionalInt there = other.idOf(token);
            if (there.isEmpty() || there.getAsInt() != ids.get(token)) {
                return Optional.of("'" + token + "' is token " + ids.get(token) + " of one and "
                        + (there.isEmpty() ? "no token" : "token " + there.getAsInt()) + " of the other");
            }
        }
        return size == other.vocabularySize()
                ? Optional.empty()
                : Optional.of("one has " + size + " tokens and the other " + other.vocabularySize());
    }

    @Override
    public OptionalInt beginOfText() {
        return begin;
    }

    @Override
    public OptionalInt endOfText() {
        return end;
    }

    @Override
    public int vocabularySize() {
        return size;
    }

    @Override
    public String fingerprint() {
        return fingerprint;
    }

    @Override
    public void close() {
        tokenizer.close();
    }
}
