package io.foretell.judge;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A failed question: one sentence, and a kind that decides how to handle it. */
public final class JudgeFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Kind of failure. */
    public enum Kind {
        /** The judge is rate-limiting us. */
        BUSY,
        /** The connection or the judge is failing, possibly only for a while. */
        PASSING,
        /** No answer came within the deadline. */
        TIMEOUT,
        /** The judge answered, but not in its role's format. */
        UNREADABLE,
        /** Retrying would not help. */
        LASTING
    }

    private final Kind kind;
    private final transient @Nullable Duration retryAfter;

    public JudgeFailure(Kind kind, String sentence) {
        this(kind, sentence, null);
    }

    /** @param retryAfter wait time that the judge requested; null if none */
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
