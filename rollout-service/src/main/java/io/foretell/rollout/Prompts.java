package io.foretell.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import java.util.ArrayList;
import java.util.List;

/** The prompts of a request. Pure functions. */
final class Prompts {
    private Prompts() {}

    /**
     * A string, a list of strings, a list of token ids or a list of such lists.
     *
     * @param begin whether to prepend begin-of-text to strings, if the vocabulary has it
     */
    static List<TokenArray> read(JsonNode prompt, Tokenizer tokenizer, boolean begin) {
        List<TokenArray> prompts = new ArrayList<>();
        add(prompt, tokenizer, begin, prompts, 0);
        if (prompts.stream().anyMatch(TokenArray::isEmpty)) {
            throw RequestBody.invalid("a prompt is empty: it needs at least one token");
        }
        return prompts;
    }

    private static void add(JsonNode prompt, Tokenizer tokenizer, boolean begin, List<TokenArray> prompts, int depth) {
        if (prompt.isTextual()) {
            TokenArray tokens = tokenizer.encode(prompt.textValue());
            prompts.add(begin ? tokenizer.withBegin(tokens) : tokens);
        } else if (prompt.isArray() && !prompt.isEmpty() && prompt.get(0).isInt()) {
            List<Integer> ids = ids(prompt, "prompt", tokenizer.vocabularySize());
            prompts.add(TokenArray.of(ids.stream().mapToInt(Integer::intValue).toArray()));
        } else if (prompt.isArray() && !prompt.isEmpty() && depth == 0) {
            prompt.forEach(one -> add(one, tokenizer, begin, prompts, 1));
        } else {
            throw RequestBody.invalid(
                    "'prompt' must be a text, a list of texts, a list of token ids or a list of such lists");
        }
    }

    /** A list of token ids; empty if the key is absent. */
    static List<Integer> ids(JsonNode list, String key, int vocabularySize) {
        List<Integer> ids = new ArrayList<>();
        if (list.isMissingNode() || list.isNull()) {
            return ids;
        }
        if (!list.isArray()) {
            throw RequestBody.invalid("'" + key + "' must be a list of token ids, not " + list);
        }
        for (JsonNode id : list) {
            if (!id.isInt() || id.intValue() < 0 || id.intValue() >= vocabularySize) {
                throw RequestBody.invalid(
                        "token " + id + " of '" + key + "' is not in the vocabulary of " + vocabularySize + " tokens");
            }
            ids.add(id.intValue());
        }
        return ids;
    }
}
