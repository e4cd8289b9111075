package io.foretell.judge;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Why there is no answer, as one sentence and by what can be done about it. */
public final class JudgeFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What kind of failure it is. */
    public enum Kind {
        /** The judge asks for patience. */
        BUSY,
        /** The way to the judge or the judge itself is broken, perhaps not for long. */
        PASSING,
        /** No answer came within the deadline. */
        TIMEOUT,
        /** The judge answered, and not as its role says. */
        UNREADABLE,
        /** Asking again would not help. */
        LASTING
    }

    private final Kind kind;
    private final transient @Nullable Duration retryAfter;

    public JudgeFailure(Kind kind, String sentence) {
        this(kind, sentence, null);
    }

    /** @param retryAfter how long the judge wants to be left alone; null when it did not say */
    public JudgeFailure(Kind kind, String sentence, @Nullable Duration retryAfter) {
        super(sentence);
        this.kind = kind;
        this.retryAfter = retryAfter;
    }

    public Kind kind() {
        return kind;
    }

    @Nullable
    Duration retryAfter() {
        return retryAfter;
    }

    boolean isWorthRetrying() {
        return kind == Kind.BUSY || kind == Kind.PASSING || kind == Kind.TIMEOUT;
    }

    String sentence() {
        return String.valueOf(getMessage());
    }
}
