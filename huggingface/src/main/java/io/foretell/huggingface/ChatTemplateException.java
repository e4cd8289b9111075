package io.foretell.huggingface;

/** A chat template cannot be read or rendered; the message is one sentence for the user. */
public final class ChatTemplateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public ChatTemplateException(String message) {
        super(message);
    }
}
