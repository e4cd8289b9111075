package io.foretell.domain;

import java.util.Arrays;
import java.util.Objects;

/** An immutable sequence of token ids with value equality. */
public final class TokenArray {
    public static final TokenArray EMPTY = new TokenArray(new int[0]);

    private final int[] ids;

    private TokenArray(int[] ids) {
        this.ids = ids;
    }

    public static TokenArray of(int... ids) {
        return ids.length == 0 ? EMPTY : new TokenArray(ids.clone());
    }

    public int length() {
        return ids.length;
    }

    public boolean isEmpty() {
        return ids.length == 0;
    }

    public int at(int index) {
        return ids[index];
    }

    /** Tokens {@code from} (inclusive) to {@code to} (exclusive). */
    public TokenArray slice(int from, int to) {
        Objects.checkFromToIndex(from, to, ids.length);
        return from == 0 && to == ids.length ? this : new TokenArray(Arrays.copyOfRange(ids, from, to));
    }

    /** At most the last {@code count} tokens. */
    public TokenArray last(int count) {
        return slice(Math.max(0, ids.length - count), ids.length);
    }

    public TokenArray concat(TokenArray other) {
        int[] joined = Arrays.copyOf(ids, ids.length + other.ids.length);
        System.arraycopy(other.ids, 0, joined, ids.length, other.ids.length);
        return new TokenArray(joined);
    }

    public TokenArray append(int... more) {
        return concat(new TokenArray(more));
    }

    /** Whether {@code part} occurs here contiguously; an empty part always does. */
    public boolean contains(TokenArray part) {
        for (int from = 0; from + part.ids.length <= ids.length; from++) {
            if (Arrays.equals(ids, from, from + part.ids.length, part.ids, 0, part.ids.length)) {
                return true;
            }
        }
        return false;
    }

    public int[] toArray() {
        return ids.clone();
    }

    /** Copies the tokens into {@code target}, starting at {@code offset}. */
    public void copyTo(int[] target, int offset) {
        System.arraycopy(ids, 0, target, offset, ids.length);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TokenArray that && Arrays.equals(ids, that.ids);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(ids);
    }

    @Override
    public String toString() {
        return Arrays.toString(ids);
    }
}
