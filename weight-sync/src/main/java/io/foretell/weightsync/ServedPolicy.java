package io.foretell.weightsync;

import io.foretell.domain.Futures;
import io.foretell.domain.PublishedWeights;
import io.foretell.huggingface.PolicyException;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.OwnerThread;
import io.foretell.platform.Time;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyOptions;
import io.foretell.policy.SamplerLoad;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The engine in this process: a policy on its owner thread. It also scores, for the roles that need log-probabilities.
 * Weights are verified, loaded next to the old ones and swapped between calls. Thread-safe.
 */
public final class ServedPolicy implements RolloutEngine {
    private static final Logger log = LoggerFactory.getLogger(ServedPolicy.class);

    private final OwnerThread owner;
    private final PolicyOptions options;
    private final Duration deadline;
    private final PolicyFetch fetch;
    private final Time time;
    private final List<Consumer<Swap>> listeners = new CopyOnWriteArrayList<>();
    private final List<Runnable> closing = new CopyOnWriteArrayList<>();
    private @Nullable Policy policy; // confined to the owner thread
    private volatile @Nullable PublishedWeights current;
    private volatile SamplerLoad load = SamplerLoad.NONE;
    private boolean advancing; // confined to the owner thread

    /**
     * @param name of the owner thread
     * @param deadline for loading weights
     * @param fetch how weights get here
     */
    public ServedPolicy(String name, PolicyOptions options, Duration deadline, PolicyFetch fetch, Time time) {
        this.time = time;
        this.fetch = fetch;
        this.owner = OwnerThread.start(name);
        this.options = options;
        this.deadline = deadline;
    }

    @Override
    public @Nullable PublishedWeights current() {
        return current;
    }

    @Override
    public void onSwap(Consumer<Swap> listener) {
        listeners.add(listener);
    }

    @Override
    public void onClose(Runnable listener) {
        closing.add(listener);
    }

    /**
     * {@inheritDoc}
     *
     * @throws ForetellException CORRUPT when a file is not what the learner announced; the old weights stay
     * @throws PolicyException when the folder cannot be used; the old weights stay
     */
    @Override
    public void swap(PublishedWeights weights) {
        PublishedWeights now = current;
        if (now != null && now.version() == weights.version() && now.files().equals(weights.files())) {
            current = weights;
            return;
        }
        long start = time.nanos();
        PolicyFetch.Fetched fetched = fetch.fetch(weights, this::isWanted);
        long loading = time.nanos();
        owner.call(deadline, () -> {
            if (policy == null) {
                policy = Policy.open(fetched.folder(), options);
            } else {
                policy.load(fetched.folder());
            }
            policy.label(weights.version());
            current = weights;
            return weights;
        });
        double loadSeconds = time.secondsSince(loading);
        Swap swap = new Swap(weights, time.secondsSince(start), loadSeconds, fetched.bytes());
        listeners.forEach(listener -> listener.accept(swap));
    }

    /** Who only samples has no use for the teacher. */
    private boolean isWanted(String file) {
        return options.use() != PolicyOptions.Use.SAMPLING || !file.startsWith("ema");
    }

    /** Queues {@code work} on the owner thread. */
    public <T> CompletableFuture<T> submit(Function<Policy, T> work) {
        return owner.submit(() -> {
            if (policy == null) {
                throw new ForetellException(ErrorCode.UNAVAILABLE, "no policy has been published yet; try again soon");
            }
            return work.apply(policy);
        });
    }

    /** {@inheritDoc} Requests of several callers are sampled together, and other calls get their turn between decode steps. */
    @Override
    public CompletableFuture<List<List<Completion>>> generate(List<GenerationRequest> requests) {
        CompletableFuture<List<List<Completion>>> all = new CompletableFuture<>();
        submit(p -> {
                    List<CompletableFuture<List<Completion>>> results = p.submit(requests);
                    all.whenComplete((samples, failure) -> results.forEach(result -> result.cancel(false)));
                    Futures.all(results).whenComplete((samples, failure) -> settle(all, samples, failure));
                    advance();
                    return true;
                })
                .whenComplete((queued, failure) -> settle(all, null, failure));
        return all;
    }

    private static <T> void settle(CompletableFuture<T> future, @Nullable T value, @Nullable Throwable failure) {
        if (failure != null) {
            boolean wrapped = failure instanceof CompletionException && failure.getCause() != null;
            future.completeExceptionally(wrapped ? failure.getCause() : failure);
        } else if (value != null) {
            future.complete(value);
        }
    }

    /** Lets the sampler work for as long as it has something to do, one round a turn. On the owner thread. */
    private void advance() {
        if (!advancing) {
            advancing = true;
            owner.submit(this::round).whenComplete((unused, failure) -> {
                if (failure != null) {
                    log.warn("a round of sampling failed: {}", failure.toString());
                }
            });
        }
    }

    private boolean round() {
        advancing = false;
        boolean more = policy != null && policy.advance();
        load = policy == null ? SamplerLoad.NONE : policy.load();
        if (more) {
            advance();
        }
        return more;
    }

    @Override
    public SamplerLoad load() {
        return load;
    }

    @Override
    public void close() {
        closing.forEach(Runnable::run);
        owner.submit(() -> {
            if (policy != null) {
                policy.close();
                policy = null;
            }
            return true;
        });
        owner.close();
    }
}
