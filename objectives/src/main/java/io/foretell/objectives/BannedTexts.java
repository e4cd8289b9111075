package io.foretell.objectives;

import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import java.util.List;

/**
 * Texts that should not be there, looked for as the tokens that the tokenizer makes of them: a word is to be listed with and
 * without the space before it where the tokenizer tells them apart. Immutable.
 */
public final class BannedTexts {
    private final List<TokenArray> texts;

    /**
     * @param key of the configuration, for the sentence when something is wrong
     * @throws IllegalArgumentException when there is none, or an empty one
     */
    public BannedTexts(String key, Tokenizer tokenizer, List<String> texts) {
        this.texts = texts.stream().map(tokenizer::encode).toList();
        if (texts.isEmpty() || this.texts.stream().anyMatch(TokenArray::isEmpty)) {
            throw new IllegalArgumentException(key + " must list at least one text, and no empty one");
        }
    }

    /** Whether one of them stands in {@code tokens}. */
    public boolean isIn(TokenArray tokens) {
        return count(tokens) > 0;
    }

    /** How many of {@code tokens} belong to one of them. */
    public int count(TokenArray tokens) {
        int count = 0;
        int counted = 0; // tokens before this one are counted already
        for (int from = 0; from < tokens.length(); from++) {
            int end = from + longestAt(tokens, from);
            count += Math.max(0, end - Math.max(from, counted));
            counted = Math.max(counted, end);
        }
        return count;
    }

    private int longestAt(TokenArray tokens, int from) {
        int longest = 0;
        for (TokenArray text : texts) {
            int to = from + text.length();
            if (to <= tokens.length() && tokens.slice(from, to).equals(text)) {
                longest = Math.max(longest, text.length());
            }
        }
        return longest;
    }
}
