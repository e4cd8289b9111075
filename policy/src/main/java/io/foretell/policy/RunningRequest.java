package io.foretell.policy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** One request on its way through the sampler. Confined to the policy's thread, but for {@link #result}. */
final class RunningRequest {
    final GenerationRequest request;
    final CompletableFuture<List<Completion>> result = new CompletableFuture<>();
    final List<Continuation> running = new ArrayList<>();

    /** Where its prompt lies among the shared ones; -1 before it is let in, or where it is not shared. */
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

    /** Looks whether anybody waits for the result: once a round, because another thread may end the wait in its middle. */
    void look() {
        over = result.isDone();
    }

    /** Whether nobody waited for the result any more at the last look. */
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
