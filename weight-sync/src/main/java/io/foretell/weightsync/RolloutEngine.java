package io.foretell.weightsync;

import io.foretell.domain.PublishedWeights;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.SamplerLoad;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What samples: continuations of prompts with the newest weights that it was told to use. Rollout workers and the HTTP
 * routes know no more of it. Thread-safe. Whoever makes one closes it.
 */
public interface RolloutEngine extends AutoCloseable {
    /** Where an engine runs, as {@code rollout.engine} names it. */
    enum Kind {
        /** In this process: {@link ServedPolicy}. */
        EMBEDDED
    }

    /** @param seconds and bytes of fetching, verification included; @param loadSeconds of loading and switching alone */
    record Swap(PublishedWeights weights, double seconds, double loadSeconds, long bytes) {}

    /** The weights in use; null before the first ones were loaded. */
    @Nullable
    PublishedWeights current();

    /** The version in use; -1 before the first. */
    default long version() {
        PublishedWeights now = current();
        return now == null ? -1 : now.version();
    }

    /**
     * Switches to {@code weights} and returns when that is done. Continuations in progress may continue with the new
     * weights; their versions say which tokens did.
     *
     * @throws RuntimeException why the weights cannot be used; the old ones stay
     */
    void swap(PublishedWeights weights);

    /** Is told of every swap, on the thread that asked for it. */
    void onSwap(Consumer<Swap> listener);

    /** Is told when the engine is closed. */
    void onClose(Runnable listener);

    /**
     * Continuations for each request, in order, one per seed. Each has the log-probability of every token under the
     * distribution it was sampled from, in nats, and says which version sampled which tokens. Cancelling the future, or a
     * time-out on it, withdraws what is not finished.
     */
    CompletableFuture<List<List<Completion>>> generate(List<GenerationRequest> requests);

    /** How busy the sampler is. */
    SamplerLoad load();

    @Override
    void close();
}
