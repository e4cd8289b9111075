package io.foretell.platform;

import java.util.Objects;

/**
 * A failure with a code and one sentence that the user can act on.
 *
 * <p>Handlers decide by {@link #code()}, never by the text.
 */
public class ForetellException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final ErrorCode code;

    public ForetellException(ErrorCode code, String message) {
        super(message);
        this.code = Objects.requireNonNull(code, "code is null");
    }

    public ForetellException(ErrorCode code, String message, Throwable cause) {
        super(message, cause);
        this.code = Objects.requireNonNull(code, "code is null");
    }

    public ErrorCode code() {
        return code;
    }
}
