package io.foretell.objectives;

import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.OptionalInt;

/** A byte-level tokenizer: the given pieces first, longest match wins, then single bytes. */
final class Pieces implements Tokenizer {
    private final List<byte[]> pieces;

    Pieces(String... texts) {
        this(Arrays.stream(texts)
                .map(text -> text.getBytes(StandardCharsets.UTF_8))
                .toList());
    }

    private Pieces(List<byte[]> pieces) {
        this.pieces = pieces;
    }

    Pieces withBytes(String... hex) {
        List<byte[]> more = new ArrayList<>(pieces);
        Arrays.stream(hex).map(HexFormat.of()::parseHex).forEach(more::add);
        return new Pieces(more);
    }

    byte[] bytes(int token) {
        return token < pieces.size() ? pieces.get(token) : new byte[] {(byte) (token - pieces.size())};
    }

    byte[] bytes(TokenArray tokens) {
        ByteArrayOutputStream joined = new ByteArrayOutputStream();
        for (int i = 0; i < tokens.length(); i++) {
            joined.writeBytes(bytes(tokens.at(i)));
        }
        return joined.toByteArray();
    }

    @Override
    public TokenArray encode(String text) {
        byte[] left = text.getBytes(StandardCharsets.UTF_8);
        TokenArray tokens = TokenArray.EMPTY;
        for (int at = 0; at < left.length; ) {
            int best = pieces.size() + (left[at] & 0xff);
            for (int id = 0; id < pieces.size(); id++) {
                byte[] piece = pieces.get(id);
                boolean fits = at + piece.length <= left.length
                        && Arrays.equals(piece, Arrays.copyOfRange(left, at, at + piece.length));
                best = fits && piece.length > bytes(best).length ? id : best;
            }
            tokens = tokens.append(best);
            at += bytes(best).length;
        }
        return tokens;
    }

    @Override
    public String decode(TokenArray tokens) {
        return new String(bytes(tokens), StandardCharsets.UTF_8);
    }

    @Override
    public OptionalInt idOf(String token) {
        TokenArray ids = encode(token);
        return ids.length() == 1 ? OptionalInt.of(ids.at(0)) : OptionalInt.empty();
    }

    @Override
    public OptionalInt beginOfText() {
        return OptionalInt.empty();
    }

    @Override
    public OptionalInt endOfText() {
        return idOf("<eos>");
    }

    @Override
    public int vocabularySize() {
        return pieces.size() + 256;
    }

    @Override
    public String fingerprint() {
        return "pieces";
    }
}
