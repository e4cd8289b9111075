package io.foretell.streams;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;

/** Bytes of a topic that are not the record they should be; the message says what and why. */
public final class UnreadableRecordException extends ForetellException {
    private static final long serialVersionUID = 1L;

    public UnreadableRecordException(String message) {
        super(ErrorCode.UNPROCESSABLE, message);
    }

    public UnreadableRecordException(String message, Throwable cause) {
        super(ErrorCode.UNPROCESSABLE, message, cause);
    }
}
