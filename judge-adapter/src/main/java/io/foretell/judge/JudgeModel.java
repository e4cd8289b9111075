package io.foretell.judge;

/** A language model that answers a conversation, over HTTP or in this process. Implementations are thread-safe. */
public interface JudgeModel extends AutoCloseable {
    /** Identifies this judge in the verdict cache. */
    String name();

    /**
     * Answers once, waiting for at most {@code request.deadline()}.
     *
     * @throws JudgeFailure when there is no answer
     */
    JudgeAnswer ask(JudgeRequest request) throws InterruptedException;

    @Override
    void close();
}
