package io.foretell.sources;

import io.foretell.domain.Document;
import io.foretell.platform.Sha256;
import java.nio.ByteBuffer;

/** Selects the documents held out of training for evaluation. Pure functions. */
public final class HeldOut {
    /** Documents of this domain are always held out. */
    public static final String DOMAIN = "held-out";

    private HeldOut() {}

    /** Whether {@code document} is held out; the same text always gets the same answer. */
    public static boolean isHeldOut(Document document, double fraction) {
        return isHeldOut(document, Sha256.of(document.text()), fraction);
    }

    /**
     * The same, for callers that have computed the hash already.
     *
     * @param contentHash SHA-256 of the document's text
     * @param fraction of all texts, from 0 to 1
     */
    public static boolean isHeldOut(Document document, byte[] contentHash, double fraction) {
        double position = (ByteBuffer.wrap(contentHash).getLong() >>> 11) * 0x1.0p-53;
        return document.domain().equals(DOMAIN) || position < fraction;
    }
}
