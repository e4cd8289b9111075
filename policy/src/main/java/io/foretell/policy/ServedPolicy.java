package io.foretell.policy;

import io.foretell.objectives.PolicyVersion;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.OwnerThread;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A policy on its owner thread that serves others and follows the learner: weights are verified, loaded beside the old
 * ones and switched between calls. Thread-safe.
 */
public final class ServedPolicy implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ServedPolicy.class);

    private final OwnerThread owner;
    private final PolicyOptions options;
    private final Duration deadline;
    private @Nullable Policy policy; // confined to the owner thread
    private volatile @Nullable PolicyVersion current;
    private volatile double lastSwapSeconds;
    private volatile SamplerLoad load = SamplerLoad.NONE;
    private boolean advancing; // confined to the owner thread

    /**
     * @param name of the owner thread
     * @param deadline for loading weights
     */
    public ServedPolicy(String name, PolicyOptions options, Duration deadline) {
        this.owner = OwnerThread.start(name);
        this.options = options;
        this.deadline = deadline;
    }

    /** The version that answers, or null before the first one was loaded. */
    public @Nullable PolicyVersion current() {
        return current;
    }

    /** The number of the version that answers; -1 before the first. */
    public long version() {
        PolicyVersion now = current;
        return now == null ? -1 : now.version();
    }

    /** Seconds the last swap took, verification included. */
    public double lastSwapSeconds() {
        return lastSwapSeconds;
    }

    /**
     * Switches to {@code version} and returns when that is done. Calls in progress finish with the old weights.
     *
     * @throws ForetellException CORRUPT when a file is not what the learner announced; the old weights stay
     * @throws PolicyException when the folder cannot be used; the old weights stay
     */
    public void swap(PolicyVersion version) {
        PolicyVersion now = current;
        if (now != null && now.version() == version.version() && now.files().equals(version.files())) {
            current = version;
            return;
        }
        long start = System.nanoTime();
        Path folder = Path.of(version.location());
        verify(folder, version.files());
        owner.call(deadline, () -> {
            if (policy == null) {
                policy = Policy.open(folder, options);
            } else {
                policy.load(folder);
            }
            policy.label(version.version());
            current = version;
            return version;
        });
        lastSwapSeconds = (System.nanoTime() - start) / 1e9;
    }

    private static void verify(Path folder, Map<String, String> files) {
        files.forEach((name, expected) -> {
            String found = AtomicFiles.sha256(folder.resolve(name));
            if (!found.equals(expected)) {
                throw new ForetellException(
                        ErrorCode.CORRUPT,
                        folder.resolve(name) + " is not the file that was published: its sha-256 is " + found
                                + " and should be " + expected);
            }
        });
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

    /**
     * Continuations for each request, in order. Requests of several callers are sampled together, and other calls get
     * their turn between decode steps. Cancelling the future, or a time-out on it, withdraws what is not finished.
     */
    public CompletableFuture<List<List<Sample>>> generate(List<GenerationRequest> requests) {
        CompletableFuture<List<List<Sample>>> all = new CompletableFuture<>();
        submit(p -> {
                    List<CompletableFuture<List<Sample>>> results = p.submit(requests);
                    all.whenComplete((samples, failure) -> results.forEach(result -> result.cancel(false)));
                    CompletableFuture.allOf(results.toArray(CompletableFuture[]::new))
                            .thenApply(unused -> results.stream()
                                    .map(CompletableFuture::join)
                                    .toList())
                            .whenComplete((samples, failure) -> settle(all, samples, failure));
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

    /** How busy the sampler is. */
    public SamplerLoad load() {
        return load;
    }

    @Override
    public void close() {
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
