package io.foretell.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;

/** The tokens that end a model's answer: those in its folder, else the tokenizer's end-of-text. Pure functions. */
public final class EndTokens {
    private EndTokens() {}

    /**
     * {@code eos_token_id}, a number or a list, of generation_config.json, else of config.json, else end-of-text.
     *
     * @throws PolicyException if one of these files is damaged
     */
    public static List<Integer> read(Path folder, HuggingFaceTokenizer tokenizer) {
        for (String name : List.of("generation_config.json", "config.json")) {
            List<Integer> found = ids(folder.resolve(name), tokenizer.vocabularySize());
            if (!found.isEmpty()) {
                return found;
            }
        }
        IntStream end = tokenizer.endOfText().stream();
        return end.boxed().toList();
    }

    /* An id outside the vocabulary is a leftover of another tokenizer. */
    private static List<Integer> ids(Path file, int vocabularySize) {
        if (!Files.isRegularFile(file)) {
            return List.of();
        }
        try {
            JsonNode given = new ObjectMapper().readTree(file.toFile()).path("eos_token_id");
            return StreamSupport.stream((given.isArray() ? given : List.of(given)).spliterator(), false)
                    .filter(id -> id.isInt() && id.intValue() >= 0 && id.intValue() < vocabularySize)
                    .map(JsonNode::intValue)
                    .distinct()
                    .toList();
        } catch (IOException e) {
            throw new PolicyException(file + " is not JSON", e);
        }
    }
}
