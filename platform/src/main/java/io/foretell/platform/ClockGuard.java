package io.foretell.platform;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Detects that the system clock was set back. Kafka's clients and broker wait by that clock and stall until it catches
 * up. A step back of at most {@link #TOLERATED} only causes a warning. After a longer one the process should end and be
 * restarted, as after a crash, because it could not even shut down cleanly.
 *
 * <p>Checks once per second on its own daemon thread, relative to the previous check, so a clock that is slewed over
 * hours is not a step. A step forward is harmless.
 */
public final class ClockGuard implements AutoCloseable {
    /** The largest step back that is waited out. */
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
     * Starts checking.
     *
     * @param warn called for a short step
     * @param end called for a long step; ends the process
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

    /** Compares the clocks now. */
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

    /* Retries if the thread was delayed between reading the two clocks. */
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
