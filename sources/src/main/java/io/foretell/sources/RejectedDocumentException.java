package io.foretell.sources;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;

/** A document that cannot be taken; the message says in one sentence what is wrong and what to do. */
public final class RejectedDocumentException extends ForetellException {
    private static final long serialVersionUID = 1L;

    private final String kind;

    RejectedDocumentException(ErrorCode code, String kind, String message) {
        super(code, message);
        this.kind = kind;
    }

    /** One word for counting: encoding, syntax, text, size, field or conflict. */
    public String kind() {
        return kind;
    }
}
