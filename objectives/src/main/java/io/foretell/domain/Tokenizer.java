package io.foretell.domain;

import java.util.OptionalInt;

/** Text to token ids and back. Implementations are thread-safe. */
public interface Tokenizer {
    /** Marks a token that the vocabulary lacks. */
    int NO_TOKEN = -1;

    /** What {@link #decode} returns for bytes that are not valid UTF-8, such as part of a character. */
    String REPLACEMENT = "\uFFFD";

    /** Token ids of {@code text}. Adds nothing and truncates nothing. */
    TokenArray encode(String text);

    /** The text of {@code tokens}; special tokens appear as written. */
    String decode(TokenArray tokens);

    /** The id of the token spelled {@code token} in the vocabulary, if there is one. */
    OptionalInt idOf(String token);

    OptionalInt beginOfText();

    OptionalInt endOfText();

    int vocabularySize();

    /** sha-256, in hex, of everything that defines the mapping. */
    String fingerprint();

    /** The id of end-of-text, or {@link #NO_TOKEN} if the vocabulary has none. */
    default int endToken() {
        return endOfText().orElse(NO_TOKEN);
    }

    /** The begin-of-text token as a sequence; empty if the vocabulary has none. */
    default TokenArray begin() {
        return beginOfText().isPresent() ? TokenArray.of(beginOfText().getAsInt()) : TokenArray.EMPTY;
    }

    /** The end-of-text token as a sequence; empty if the vocabulary has none. */
    default TokenArray end() {
        return endOfText().isPresent() ? TokenArray.of(endOfText().getAsInt()) : TokenArray.EMPTY;
    }

    /** A whole document: begin-of-text and end-of-text, if the vocabulary has them, around the text. */
    default TokenArray encodeDocument(String text) {
        return begin().concat(encode(text)).concat(end());
    }

    /** {@code tokens} with begin-of-text in front, unless they start with it or the vocabulary has none. */
    default TokenArray withBegin(TokenArray tokens) {
        boolean begins = withoutBegin(tokens).length() < tokens.length();
        return begins ? tokens : begin().concat(tokens);
    }

    /** {@code tokens} without a leading begin-of-text token. */
    default TokenArray withoutBegin(TokenArray tokens) {
        boolean begins = !tokens.isEmpty()
                && beginOfText().isPresent()
                && tokens.at(0) == beginOfText().getAsInt();
        return begins ? tokens.slice(1, tokens.length()) : tokens;
    }

    /** {@code tokens} without a trailing end-of-text token. */
    default TokenArray withoutEnd(TokenArray tokens) {
        int last = tokens.length() - 1;
        boolean ends = last >= 0
                && endOfText().isPresent()
                && tokens.at(last) == endOfText().getAsInt();
        return ends ? tokens.slice(0, last) : tokens;
    }

    /** A document's text: {@code tokens} without begin-of-text and end-of-text. */
    default TokenArray withoutEnds(TokenArray tokens) {
        return withoutEnd(withoutBegin(tokens));
    }
}
