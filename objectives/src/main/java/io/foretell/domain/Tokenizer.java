package io.foretell.domain;

import java.util.OptionalInt;

/** Text to token ids and back. Implementations are thread-safe. */
public interface Tokenizer {
    /** Stands for a token that the vocabulary does not have. */
    int NO_TOKEN = -1;

    /** What {@link #decode} writes for bytes that are not UTF-8, such as a part of a character. */
    String REPLACEMENT = "\uFFFD";

    /** Token ids of {@code text}. Adds nothing and cuts nothing off. */
    TokenArray encode(String text);

    /** The text of {@code tokens}, special tokens included as written. */
    String decode(TokenArray tokens);

    /** The id of a token that is written {@code token} in the vocabulary, if there is one. */
    OptionalInt idOf(String token);

    OptionalInt beginOfText();

    OptionalInt endOfText();

    int vocabularySize();

    /** sha-256 of what defines the mapping, in hex. */
    String fingerprint();

    /** The id of end-of-text, or {@link #NO_TOKEN} where the vocabulary has none. */
    default int endToken() {
        return endOfText().orElse(NO_TOKEN);
    }

    /** The begin-of-text token as a sequence; empty where the vocabulary has none. */
    default TokenArray begin() {
        return beginOfText().isPresent() ? TokenArray.of(beginOfText().getAsInt()) : TokenArray.EMPTY;
    }

    /** The end-of-text token as a sequence; empty where the vocabulary has none. */
    default TokenArray end() {
        return endOfText().isPresent() ? TokenArray.of(endOfText().getAsInt()) : TokenArray.EMPTY;
    }

    /** A whole document: begin-of-text where the vocabulary has one, the text, end-of-text where it has one. */
    default TokenArray encodeDocument(String text) {
        return begin().concat(encode(text)).concat(end());
    }

    /** {@code tokens} after begin-of-text, unless they start with it or the vocabulary has none. */
    default TokenArray withBegin(TokenArray tokens) {
        boolean begins = withoutBegin(tokens).length() < tokens.length();
        return begins ? tokens : begin().concat(tokens);
    }

    /** {@code tokens} without a begin-of-text token at their start. */
    default TokenArray withoutBegin(TokenArray tokens) {
        boolean begins = !tokens.isEmpty()
                && beginOfText().isPresent()
                && tokens.at(0) == beginOfText().getAsInt();
        return begins ? tokens.slice(1, tokens.length()) : tokens;
    }

    /** {@code tokens} without an end-of-text token at their end. */
    default TokenArray withoutEnd(TokenArray tokens) {
        int last = tokens.length() - 1;
        boolean ends = last >= 0
                && endOfText().isPresent()
                && tokens.at(last) == endOfText().getAsInt();
        return ends ? tokens.slice(0, last) : tokens;
    }

    /** The text of a document: {@code tokens} without the tokens that begin and end it. */
    default TokenArray withoutEnds(TokenArray tokens) {
        return withoutEnd(withoutBegin(tokens));
    }
}
