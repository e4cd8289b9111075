package io.foretell.platform;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one named daemon thread that may touch a native resource; everyone else hands it work.
 *
 * <p>Thread-safe. Work is done in the order it came. The thread is never interrupted, because native code does not
 * survive that; a call whose deadline passes before its turn is not begun.
 */
public final class OwnerThread implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(OwnerThread.class);
    private static final int QUEUE_LIMIT = 1024;
    private static final Duration CLOSE_DEADLINE = Duration.ofSeconds(30);

    private final String name;
    private final Thread thread;
    private final Deque<Work<?>> queue = new ArrayDeque<>();
    private boolean closed;

    private OwnerThread(String name) {
        this.name = name;
        this.thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    public static OwnerThread start(String name) {
        OwnerThread owner = new OwnerThread(name);
        owner.thread.start();
        return owner;
    }

    /**
     * Does the work on the owner thread and waits for its result; on the owner thread itself, does it at once.
     *
     * @throws ForetellException TIMEOUT with the thread's name and what it is doing; UNAVAILABLE when its queue is full
     *     or it is closed. What the work throws comes out as it is, checked exceptions as the cause of INTERNAL.
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

    /** Queues the work; the future fails with UNAVAILABLE when the queue is full or the thread closed. */
    public <T> CompletableFuture<T> submit(Callable<T> work) {
        CompletableFuture<T> result = new CompletableFuture<>();
        @Nullable String refusal = null;
        synchronized (queue) {
            if (closed) {
                refusal = name + " is closed";
            } else if (queue.size() >= QUEUE_LIMIT) {
                refusal = name + " has " + QUEUE_LIMIT + " calls waiting already; try again later";
            } else {
                queue.addLast(new Work<>(work, result));
                queue.notifyAll();
            }
        }
        if (refusal != null) {
            result.completeExceptionally(new ForetellException(ErrorCode.UNAVAILABLE, refusal));
        }
        return result;
    }

    /** Whether the calling thread is this one. */
    public boolean isCurrent() {
        return Thread.currentThread() == thread;
    }

    /** Takes no more work and waits, up to 30 s, until what is queued is done. */
    @Override
    public void close() {
        close(CLOSE_DEADLINE);
    }

    /** Takes no more work and waits until what is queued is done; after the deadline the rest fails. */
    public void close(Duration deadline) {
        synchronized (queue) {
            closed = true;
            queue.notifyAll();
        }
        if (isCurrent()) {
            return;
        }
        try {
            thread.join(Math.max(1, deadline.toMillis()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            LOG.warn("gave up waiting for an owner thread name={} doing={}", name, doing());
            abandon();
        }
    }

    private void run() {
        for (Work<?> work = next(); work != null; work = next()) {
            work.run();
        }
    }

    private @Nullable Work<?> next() {
        synchronized (queue) {
            while (queue.isEmpty() && !closed) {
                try {
                    queue.wait();
                } catch (InterruptedException e) {
                    LOG.warn("an owner thread ignores an interrupt name={}", name);
                }
            }
            return queue.pollFirst();
        }
    }

    private void abandon() {
        synchronized (queue) {
            queue.forEach(work -> work.result()
                    .completeExceptionally(new ForetellException(
                            ErrorCode.UNAVAILABLE, name + " was closed before this call's turn")));
            queue.clear();
        }
    }

    private String doing() {
        int waiting;
        synchronized (queue) {
            waiting = queue.size();
        }
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

    private record Work<T>(Callable<T> call, CompletableFuture<T> result) {
        void run() {
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
