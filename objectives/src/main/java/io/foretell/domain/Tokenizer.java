package io.foretell.domain;

import java.util.OptionalInt;

/** Text to token ids and back. Implementations are thread-safe. */
public interface Tokenizer {
    /** Token ids of {@code text}, nothing added and nothing cut off. */
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

    /** A whole document: begin-of-text where the vocabulary has one, the text, end-of-text where it has one. */
    default TokenArray encodeDocument(String text) {
        TokenArray tokens = encode(text);
        if (beginOfText().isPresent()) {
            tokens = TokenArray.of(beginOfText().getAsInt()).concat(tokens);
        }
        if (endOfText().isPresent()) {
            tokens = tokens.append(endOfText().getAsInt());
        }
        return tokens;
    }
}
