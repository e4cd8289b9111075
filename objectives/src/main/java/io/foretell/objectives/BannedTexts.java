package io.foretell.objectives;

import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import java.util.List;

/**
 * Banned texts, matched as token sequences. If the tokenizer distinguishes a word with and without a leading space,
 * list both. Immutable.
 */
public final class BannedTexts {
    private final List<TokenArray> texts;

    /**
     * @param key the configuration key, for the error message
     * @throws IllegalArgumentException if the list or one of its texts is empty
     */
    public BannedTexts(String key, Tokenizer tokenizer, List<String> texts) {
        this.texts = texts.stream().map(tokenizer::encode).toList();
        if (texts.isEmpty() || this.texts.stream().anyMatch(TokenArray::isEmpty)) {
            throw new IllegalArgumentException(key + " must list at least one text, and no empty one");
        }
    }

    /** Whether {@code tokens} contains one of them. */
    public boolean isIn(TokenArray tokens) {
        return count(tokens) > 0;
    }

    /** How many of {@code tokens} are part of a banned text. */
    public int count(TokenArray tokens) {
        int count = 0;
        int counted = 0; // tokens before this one are already counted
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
