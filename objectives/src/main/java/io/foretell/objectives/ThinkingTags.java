package io.foretell.objectives;

import io.foretell.domain.Options;
import io.foretell.domain.Tokenizer;

/**
 * The two tokens around a thought, from a method's options {@code open} and {@code close}. Immutable.
 *
 * @param open token id that starts a thought
 * @param close token id that ends it
 */
public record ThinkingTags(int open, int close) {
    /**
     * Reads both options; by default the tags are {@code <think>} and {@code </think>}.
     *
     * @throws IllegalArgumentException when a tag is not a single token of the vocabulary
     */
    public static ThinkingTags read(Options options, Tokenizer tokenizer) {
        return new ThinkingTags(
                Options.token(tokenizer, options.text("open", "<think>")),
                Options.token(tokenizer, options.text("close", "</think>")));
    }
}
