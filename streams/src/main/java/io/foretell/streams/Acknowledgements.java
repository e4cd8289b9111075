package io.foretell.streams;

import io.vertx.core.Context;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts on an event loop what Kafka acknowledges on its own thread; many acknowledgements become one visit to the loop.
 * Methods are confined to the loop.
 */
final class Acknowledgements {
    private final Context loop;
    private final Runnable onChange;
    private final AtomicInteger newlyAccepted = new AtomicInteger();
    private final AtomicInteger newlyFailed = new AtomicInteger();
    private final AtomicBoolean willVisit = new AtomicBoolean();
    private int pending;
    private long accepted;
    private long failed;

    /** @param onChange called on the loop after the counts have changed */
    Acknowledgements(Context loop, Runnable onChange) {
        this.loop = loop;
        this.onChange = onChange;
    }

    /** Counts {@code sent} when it completes. */
    void await(CompletableFuture<Void> sent) {
        pending++;
        sent.whenComplete((nothing, failure) -> {
            (failure == null ? newlyAccepted : newlyFailed).incrementAndGet();
            if (willVisit.compareAndSet(false, true)) {
                loop.runOnContext(visit -> count());
            }
        });
    }

    private void count() {
        willVisit.set(false);
        int good = newlyAccepted.getAndSet(0);
        int bad = newlyFailed.getAndSet(0);
        accepted += good;
        failed += bad;
        pending -= good + bad;
        onChange.run();
    }

    int pending() {
        return pending;
    }

    long accepted() {
        return accepted;
    }

    long failed() {
        return failed;
    }
}
