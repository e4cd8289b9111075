package io.foretell.platform;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The running components, stopped in reverse order, each on its own daemon thread, so one that hangs can be abandoned.
 *
 * <p>Not thread-safe: {@link Lifecycle} starts and stops from one thread at a time.
 */
final class StopSequence {
    private static final Logger LOG = LoggerFactory.getLogger(StopSequence.class);

    private final Time time;
    private final Deque<Running> running = new ArrayDeque<>();

    StopSequence(Time time) {
        this.time = time;
    }

    void add(String name, Lifecycle.Stop stop) {
        running.addLast(new Running(name, stop));
    }

    /** Stops all in reverse order and returns the failures; afterwards nothing is left to stop. */
    List<Throwable> stop(Duration deadline) {
        List<Throwable> failures = new ArrayList<>();
        Deadline end = time.deadline(deadline);
        while (!running.isEmpty()) {
            Running component = running.removeLast();
            Duration share = running.isEmpty() ? end.left() : end.left().dividedBy(2);
            try {
                stopOne(component, share);
            } catch (ForetellException e) {
                LOG.warn("a component did not stop well component={}", component.name, e);
                failures.add(e);
            }
        }
        return failures;
    }

    private static void stopOne(Running component, Duration share) {
        LOG.info("stopping component={} deadline={}", component.name, DurationText.format(share));
        FutureTask<Boolean> task = new FutureTask<>(() -> {
            component.stop.stop();
            return true;
        });
        Threads.daemon("stop-" + component.name, task).start();
        try {
            task.get(share.toNanos(), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            throw new ForetellException(
                    ErrorCode.TIMEOUT, component.name + " did not stop within " + DurationText.format(share), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ForetellException(ErrorCode.UNAVAILABLE, "interrupted while stopping " + component.name, e);
        } catch (ExecutionException e) {
            throw new ForetellException(
                    ErrorCode.INTERNAL,
                    component.name + " did not stop: " + e.getCause().getMessage(),
                    e.getCause());
        }
    }

    private record Running(String name, Lifecycle.Stop stop) {}
}
