package io.foretell.judge;

/** A language model that answers a conversation: behind HTTP, or in this process. Implementations are thread-safe. */
public interface JudgeModel extends AutoCloseable {
    /** What tells this judge from others wherever verdicts are kept. */
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
