package io.foretell.objectives;

import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import java.util.List;
import java.util.Optional;

/**
 * Extracts the answer of a response: the last enclosure, such as a box, after the thought. The thought ends at the
 * first closing tag; braces inside an enclosure that ends with a brace must balance. Immutable.
 *
 * @param close token that ends the thought
 * @param enclosure the two texts around an answer
 */
record AnswerExtractor(Tokenizer tokenizer, int close, List<String> enclosure) {
    /** The answer as written; empty if the thought is not closed or no complete enclosure follows it. */
    Optional<String> extract(TokenArray response) {
        for (int u = 0; u < response.length(); u++) {
            if (response.at(u) == close) {
                return lastEnclosed(tokenizer.decode(response.slice(u + 1, response.length())));
            }
        }
        return Optional.empty();
    }

    private Optional<String> lastEnclosed(String text) {
        int begin = text.lastIndexOf(enclosure.get(0));
        if (begin < 0) {
            return Optional.empty();
        }
        int from = begin + enclosure.get(0).length();
        boolean nests = enclosure.get(1).equals("}");
        int depth = 0;
        for (int i = from; i < text.length(); i++) {
            if (depth == 0 && text.startsWith(enclosure.get(1), i)) {
                return Optional.of(text.substring(from, i));
            }
            depth += nests && text.charAt(i) == '{' ? 1 : 0;
            depth -= nests && text.charAt(i) == '}' ? 1 : 0;
        }
        return Optional.empty();
    }
}
