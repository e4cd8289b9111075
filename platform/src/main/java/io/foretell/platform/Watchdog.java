package io.foretell.platform;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reports stalled components: {@code no progress for 60 s: learner waits for scored groups of phase rlp (12 of 64)}.
 *
 * <p>Components report what they wait for and when they make progress; the watchdog never polls them and takes none of
 * their locks. Thread-safe; reports come from its own daemon thread. The creator closes it.
 */
public final class Watchdog implements AutoCloseable {
    private final Duration limit;
    private final InstantSource clock;
    private final Consumer<String> report;
    private final Map<String, Standing> standings = new ConcurrentHashMap<>();
    private final ScheduledExecutorService timer;

    /**
     * Starts watching.
     *
     * @param limit maximum time without progress before a component is reported, and the time between two reports
     * @param clock a monotonic clock, such as {@link SteadyClock}
     */
    public Watchdog(Duration limit, InstantSource clock, Consumer<String> report) {
        if (limit.isNegative() || limit.isZero()) {
            throw new IllegalArgumentException("the watchdog's limit must be positive, not " + limit);
        }
        this.limit = limit;
        this.clock = clock;
        this.report = report;
        this.timer = Threads.scheduled("watchdog");
        long periodMs = Math.max(100, Math.min(1000, limit.toMillis() / 4));
        timer.scheduleWithFixedDelay(this::look, periodMs, periodMs, TimeUnit.MILLISECONDS);
    }

    /** The component now waits for {@code what}, a phrase that follows "waits for"; waiting is no progress. */
    public void waitingFor(String component, String what) {
        Instant now = clock.instant();
        standings.compute(component, (name, old) -> old == null ? new Standing(what, now, now) : old.waitingFor(what));
    }

    /** The component made progress and waits for nothing. */
    public void progress(String component) {
        Instant now = clock.instant();
        standings.put(component, new Standing(null, now, now));
    }

    /** The component is finished and no longer watched. */
    public void done(String component) {
        standings.remove(component);
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }

    /** Reports every component that is overdue now. */
    synchronized void look() {
        Instant now = clock.instant();
        standings.forEach((component, standing) -> {
            Duration sinceReport = Duration.between(standing.reported, now);
            if (sinceReport.compareTo(limit) >= 0 && standings.replace(component, standing, standing.reportedAt(now))) {
                tell(component, standing, now);
            }
        });
    }

    private void tell(String component, Standing standing, Instant now) {
        long seconds = Duration.between(standing.progressed, now).toSeconds();
        String what = standing.what == null ? " is busy and waits for nothing" : " waits for " + standing.what;
        try {
            report.accept("no progress for " + seconds + " s: " + component + what);
        } catch (RuntimeException e) {
            // a failing report must not end the watch
            Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        }
    }

    private record Standing(@Nullable String what, Instant progressed, Instant reported) {
        Standing waitingFor(String newWhat) {
            return new Standing(newWhat, progressed, reported);
        }

        Standing reportedAt(Instant now) {
            return new Standing(what, progressed, now);
        }
    }
}
