package io.foretell.chat;

/** A chat template cannot be read or rendered; the message is one sentence for the user. */
public final class ChatTemplateException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int line;

    public ChatTemplateException(String message) {
        this(message, 0);
    }

    private ChatTemplateException(String message, int line) {
        super(line == 0 ? message : message + " (line " + line + " of the chat template)");
        this.line = line;
    }

    /** The same failure with the template's line, unless it is known already. */
    ChatTemplateException at(int where) {
        return line == 0 ? new ChatTemplateException(getMessage(), where) : this;
    }

    static ChatTemplateException unsupported(String construct) {
        return new ChatTemplateException("the chat template uses " + construct + ", which is not supported here");
    }
}
