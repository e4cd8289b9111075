package io.foretell.platform;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts components in order and stops them in reverse: LATENT → STARTING → STARTED → STOPPING → STOPPED.
 *
 * <p>If one fails to start, those before it are stopped. No stop waits forever: one that does not finish within half of
 * the remaining time (the last: all of it) is abandoned on its daemon thread. Thread-safe.
 */
public final class Lifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(Lifecycle.class);
    private static final Duration CLEAN_UP_DEADLINE = Duration.ofSeconds(30);

    /** Current state. */
    public enum State {
        LATENT,
        STARTING,
        STARTED,
        STOPPING,
        STOPPED
    }

    /** Starts a component; cleans up after itself if it throws. */
    @FunctionalInterface
    public interface Start {
        void start() throws Exception;
    }

    /** Stops a component. */
    @FunctionalInterface
    public interface Stop {
        void stop() throws Exception;
    }

    private final List<Component> components = new ArrayList<>();
    private final StopSequence running;
    private final CountDownLatch startEnded = new CountDownLatch(1);
    private final CountDownLatch stopped = new CountDownLatch(1);
    private State state = State.LATENT;
    private boolean stopWanted;

    public Lifecycle(Time time) {
        this.running = new StopSequence(time);
    }

    /** Adds a component; it starts after and stops before those added earlier. */
    public synchronized void add(String name, Start start, Stop stop) {
        if (state != State.LATENT) {
            throw new IllegalStateException("cannot add " + name + " when " + state);
        }
        components.add(new Component(name, start, stop));
    }

    public synchronized State state() {
        return state;
    }

    /**
     * Starts all components.
     *
     * @throws RuntimeException the failing component's exception (checked: as the cause of a {@link
     *     ForetellException}), with clean-up failures suppressed; UNAVAILABLE if stop was called meanwhile
     */
    public void start() {
        move(State.LATENT, State.STARTING);
        try {
            for (Component component : components) {
                refuseWhenStopWanted();
                startOne(component);
            }
            synchronized (this) {
                refuseWhenStopWanted();
                state = State.STARTED;
            }
        } catch (RuntimeException | Error e) {
            move(State.STARTING, State.STOPPING);
            running.stop(CLEAN_UP_DEADLINE).forEach(e::addSuppressed);
            end();
            throw e;
        } finally {
            startEnded.countDown();
        }
    }

    /**
     * Stops what is running, in reverse order, within the deadline; a second call waits for the first to finish.
     *
     * @throws ForetellException INTERNAL naming the components that failed to stop, with their failures suppressed
     */
    public void stop(Duration deadline) {
        State before;
        synchronized (this) {
            before = state;
            stopWanted = true;
            if (before == State.LATENT || before == State.STARTED) {
                state = State.STOPPING;
            }
        }
        if (before == State.STARTING || before == State.STOPPING) {
            await(before == State.STARTING ? startEnded : stopped, deadline);
            return;
        }
        if (before == State.STOPPED) {
            return;
        }
        List<Throwable> failures = running.stop(deadline);
        end();
        if (!failures.isEmpty()) {
            ForetellException failure = new ForetellException(
                    ErrorCode.INTERNAL, failures.size() + " of " + components.size() + " components did not stop well");
            failures.forEach(failure::addSuppressed);
            throw failure;
        }
    }

    private void startOne(Component component) {
        LOG.debug("starting component={}", component.name);
        try {
            component.start.start();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new ForetellException(ErrorCode.INTERNAL, component.name + " did not start: " + e.getMessage(), e);
        }
        running.add(component.name, component.stop);
    }

    private synchronized void refuseWhenStopWanted() {
        if (stopWanted) {
            throw new ForetellException(ErrorCode.UNAVAILABLE, "stopped while starting");
        }
    }

    private synchronized void move(State from, State to) {
        if (state != from) {
            throw new IllegalStateException("cannot go to " + to + " when " + state);
        }
        state = to;
    }

    private void end() {
        synchronized (this) {
            state = State.STOPPED;
        }
        stopped.countDown();
    }

    private static void await(CountDownLatch latch, Duration deadline) {
        try {
            if (!latch.await(deadline.toNanos(), TimeUnit.NANOSECONDS)) {
                throw new ForetellException(
                        ErrorCode.TIMEOUT, "still starting or stopping after " + DurationText.format(deadline));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private record Component(String name, Start start, Stop stop) {}
}
