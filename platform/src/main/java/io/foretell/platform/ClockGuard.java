package io.foretell.platform;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Notices that the system's clock was set back. Kafka's clients and broker wait by that clock, so that they stand still
 * until it is again where it was: a step back of at most {@link #TOLERATED} is only told; after a longer one the process had
 * better end and be started again, as after any crash, since it could not even stop in good order.
 *
 * <p>Looks once a second from its own daemon thread and compares with the look before, so that a clock that is slowed down
 * over hours is no step. A step forward does no harm.
 */
public final class ClockGuard implements AutoCloseable {
    /** What is waited out. */
    static final Duration TOLERATED = Duration.ofSeconds(30);

    private static final Duration UNNOTICED = Duration.ofSeconds(1);
    private static final Duration TOGETHER = Duration.ofMillis(100);

    private final InstantSource system;
    private final InstantSource steady;
    private final Consumer<String> warn;
    private final Consumer<String> end;
    private final ScheduledExecutorService timer;
    private Duration ahead;

    /**
     * Starts looking.
     *
     * @param warn told of a short step
     * @param end told of a long one; ends the process
     */
    public ClockGuard(Time time, Consumer<String> warn, Consumer<String> end) {
        this(time, new SteadyClock(time), warn, end);
    }

    ClockGuard(InstantSource system, InstantSource steady, Consumer<String> warn, Consumer<String> end) {
        this.system = system;
        this.steady = steady;
        this.warn = warn;
        this.end = end;
        this.ahead = ahead();
        this.timer = Threads.scheduled("clock guard");
        timer.scheduleWithFixedDelay(this::look, 1, 1, TimeUnit.SECONDS);
    }

    /** Compares the clocks at this moment. */
    synchronized void look() {
        Duration now = ahead();
        Duration back = ahead.minus(now);
        ahead = now;
        if (back.compareTo(TOLERATED) > 0) {
            end.accept("the system's clock was set back by " + back.toSeconds()
                    + " s, and Kafka waits by that clock, so this process ends now; nothing is lost: start it again");
        } else if (back.compareTo(UNNOTICED) > 0) {
            warn.accept(
                    "the system's clock was set back by " + back.toSeconds() + " s; Kafka may stand still for as long");
        }
    }

    /* Looks again where it was held up between the clocks. */
    private Duration ahead() {
        while (true) {
            Instant before = steady.instant();
            Instant now = system.instant();
            if (Duration.between(before, steady.instant()).compareTo(TOGETHER) < 0) {
                return Duration.between(before, now);
            }
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
