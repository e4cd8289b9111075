package io.foretell.sources;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Reads UTF-8 of which a few bytes may be wrong. Pure functions. */
final class LenientText {
    private static final char BYTE_ORDER_MARK = '\uFEFF';
    private static final int BUFFER = 1 << 16;

    private LenientText() {}

    /**
     * Starts after a byte-order mark. Bytes that are not UTF-8 become U+FFFD, so one of them does not cost the rest of the
     * file; the document's own check finds them.
     */
    static BufferedReader reader(InputStream content) throws IOException {
        BufferedReader reader = new BufferedReader(
                new InputStreamReader(
                        content,
                        StandardCharsets.UTF_8
                                .newDecoder()
                                .onMalformedInput(CodingErrorAction.REPLACE)
                                .onUnmappableCharacter(CodingErrorAction.REPLACE)),
                BUFFER);
        reader.mark(1);
        if (reader.read() != BYTE_ORDER_MARK) {
            reader.reset();
        }
        return reader;
    }
}
