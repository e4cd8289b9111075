package io.foretell.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One request in the sampler. Confined to the policy's thread, except {@link #result}. */
final class RunningRequest {
    final GenerationRequest request;
    final CompletableFuture<List<Completion>> result = new CompletableFuture<>();
    final List<Continuation> running = new ArrayList<>();

    /** Place of its prompt among the shared ones; -1 before it is admitted or if the prompt is not shared. */
    int place = -1;

    private final Completion[] samples;
    private int finished;
    private boolean over;

    RunningRequest(GenerationRequest request) {
        this.request = request;
        this.samples = new Completion[request.seeds().size()];
    }

    int count() {
        return samples.length;
    }

    /** Whether several continuations share the prompt's keys and values. */
    boolean shares() {
        return samples.length > 1;
    }

    /** Columns of each row. */
    int columns() {
        return request.sampling().maxTokens() + (shares() ? 0 : request.prompt().length());
    }

    int promptColumns() {
        return shares() ? request.prompt().length() : 0;
    }

    /**
     * Checks whether a caller still waits for the result. Called once per round, because another thread may cancel in
     * the middle of one.
     */
    void look() {
        over = result.isDone();
    }

    /** Whether the last check found that no caller waits for the result any more. */
    boolean isOver() {
        return over;
    }

    void finish(int index, Completion sample) {
        samples[index] = sample;
        finished++;
        if (finished == samples.length) {
            result.complete(List.of(samples));
        }
    }
}
