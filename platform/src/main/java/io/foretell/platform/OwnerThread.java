package io.foretell.platform;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The only thread, a named daemon, that may touch a native resource; other threads submit work to it.
 *
 * <p>Thread-safe. Work runs in submission order. The thread is never interrupted, because native code does not survive
 * it; a call whose deadline passes while it is queued is not started.
 */
public final class OwnerThread implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OwnerThread.class);
    private static final int QUEUE_LIMIT = 1024;
    private static final Duration CLOSE_DEADLINE = Duration.ofSeconds(30);

    private final String name;
    private final Thread thread;
    private final ThreadPoolExecutor executor;

    private OwnerThread(String name) {
        this.name = name;
        AtomicReference<Thread> made = new AtomicReference<>();
        this.executor =
                new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new ArrayBlockingQueue<>(QUEUE_LIMIT), task -> {
                    made.set(Threads.daemon(name, task));
                    return made.get();
                });
        executor.prestartCoreThread();
        this.thread = made.get();
    }

    public static OwnerThread start(String name) {
        return new OwnerThread(name);
    }

    /**
     * Runs the work on the owner thread and waits for its result; on the owner thread itself, runs it directly.
     *
     * @throws ForetellException TIMEOUT with the thread's name and current work; UNAVAILABLE if its queue is full or it
     *     is closed. Exceptions of the work propagate unchanged, checked ones as the cause of INTERNAL.
     */
    public <T> T call(Duration deadline, Callable<T> work) {
        if (isCurrent()) {
            return onOwnThread(work);
        }
        CompletableFuture<T> result = submit(work);
        try {
            return result.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            String doing = doing();
            result.cancel(false);
            throw new ForetellException(
                    ErrorCode.TIMEOUT,
                    name + " did not answer within " + DurationText.format(deadline) + ": " + doing,
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            result.cancel(false);
            throw new ForetellException(ErrorCode.UNAVAILABLE, "interrupted while waiting for " + name, e);
        } catch (ExecutionException e) {
            throw unwrapped(e.getCause());
        }
    }

    /** Queues the work; the future fails with UNAVAILABLE if the queue is full or the thread is closed. */
    public <T> CompletableFuture<T> submit(Callable<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        try {
            executor.execute(new Work<>(work, result));
        } catch (RejectedExecutionException e) {
            String refusal = executor.isShutdown()
                    ? name + " is closed"
                    : name + " has " + QUEUE_LIMIT + " calls waiting already; try again later";
            result.completeExceptionally(new ForetellException(ErrorCode.UNAVAILABLE, refusal, e));
        }
        return result;
    }

    /** Whether the calling thread is this one. */
    public boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    /** Rejects new work and waits, up to 30 s, for queued work to finish. */
    @Override
    public void close() {
        close(CLOSE_DEADLINE);
    }

    /** Rejects new work and waits for queued work to finish; after the deadline the rest fails. */
    public void close(Duration deadline) {
        executor.shutdown(); // never shutdownNow: it would interrupt the work
        if (isCurrent()) {
            return;
        }
        boolean isDone = false;
        try {
            isDone = executor.awaitTermination(deadline.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (!isDone) {
            LOG.warn("gave up waiting for an owner thread name={} doing={}", name, doing());
            abandon();
        }
    }

    private void abandon() {
        List<Runnable> waiting = new ArrayList<>();
        executor.getQueue().drainTo(waiting);
        for (Runnable work : waiting) {
            ((Work<?>) work)
                    .result()
                    .completeExceptionally(
                            new ForetellException(ErrorCode.UNAVAILABLE, name + " was closed before this call's turn"));
        }
    }

    private String doing() {
        int waiting = executor.getQueue().size();
        String own = OwnerThread.class.getName();
        for (StackTraceElement frame : thread.getStackTrace()) {
            String owner = frame.getClassName();
            if (!owner.startsWith("java.")
                    && !owner.startsWith("jdk.")
                    && !owner.equals(own)
                    && !owner.startsWith(own + "$")) {
                return "it is in " + owner.substring(owner.lastIndexOf('.') + 1) + "." + frame.getMethodName() + ", "
                        + waiting + " calls wait";
            }
        }
        return waiting + " calls wait";
    }

    private static <T> T onOwnThread(Callable<T> work) {
        try {
            return work.call();
        } catch (Exception e) {
            throw unwrapped(e);
        }
    }

    private static RuntimeException unwrapped(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException known) {
            return known;
        }
        return new ForetellException(ErrorCode.INTERNAL, String.valueOf(failure.getMessage()), failure);
    }

    private record Work<T>(Callable<T> call, CompletableFuture<T> result) implements Runnable {
        @Override
        public void run() {
            if (result.isDone()) {
                return;
            }
            try {
                result.complete(call.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        }
    }
}
