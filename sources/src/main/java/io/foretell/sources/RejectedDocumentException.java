package io.foretell.sources;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;

/** A rejected document; the message says in one sentence what is wrong and how to fix it. */
public final class RejectedDocumentException extends ForetellException {
    private static final long serialVersionUID = 1L;

    private final String kind;

    RejectedDocumentException(ErrorCode code, String kind, String message) {
        super(code, message);
        this.kind = kind;
    }

    /** The kind as one word, for metrics: encoding, syntax, text, size, field or conflict. */
    public String kind() {
        return kind;
    }
}
