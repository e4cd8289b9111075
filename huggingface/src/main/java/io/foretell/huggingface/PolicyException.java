package io.foretell.huggingface;

/** Something is wrong with a model folder or with the native engine; the message is one sentence for the user. */
public final class PolicyException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public PolicyException(String message) {
        super(message);
    }

    public PolicyException(String message, Throwable cause) {
        super(message, cause);
    }
}
