package io.foretell.objectives;

import io.foretell.domain.Example;
import io.foretell.domain.TokenArray;
import java.util.ArrayList;
import java.util.List;

/** Whole documents as tasks of next-token prediction. Pure functions. */
public final class Chunks {
    private Chunks() {}

    /**
     * The document in chunks. Each chunk starts with the last token of the previous one, so every token but the first
     * is predicted exactly once. A document of fewer than two tokens has no chunks.
     *
     * @param length maximum tokens of a chunk, at least 2
     */
    public static List<Example> of(TokenArray tokens, int length) {
        List<Example> chunks = new ArrayList<>();
        for (int from = 0; from + 1 < tokens.length(); from += length - 1) {
            chunks.add(new Example(TokenArray.EMPTY, tokens.slice(from, Math.min(tokens.length(), from + length))));
        }
        return chunks;
    }
}
