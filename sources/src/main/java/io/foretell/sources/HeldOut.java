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
        return document.domain().equals(DOMAIN) || (fraction > 0 && isHeldOut(Sha256.of(document.text()), fraction));
    }

    /** Whether a text with this sha-256 is within {@code fraction}. */
    public static boolean isHeldOut(byte[] contentHash, double fraction) {
        double position = (ByteBuffer.wrap(contentHash).getLong() >>> 11) * 0x1.0p-53;
        return position < fraction;
    }
}
