package io.foretell.platform;

import java.time.Duration;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Retries transient failures, with pauses that double up to a limit, until there has been no success for a given time.
 * The time starts at construction and restarts at each {@link #succeeded()}. Retries within the first second are logged
 * at debug level, later ones as warnings. Confined to one thread.
 */
public final class RetryUntil {
    private static final Logger log = LoggerFactory.getLogger(RetryUntil.class);

    private static final Duration WORTH_TELLING = Duration.ofSeconds(1);

    private final Time time;
    private final Duration patience;
    private final Duration minPause;
    private final Duration maxPause;
    private Deadline deadline;
    private Duration pause;

    /** One attempt. */
    @FunctionalInterface
    public interface Attempt<T, E extends Exception> {
        T run() throws E;
    }

    public RetryUntil(Time time, Duration patience, Duration minPause, Duration maxPause) {
        this.time = time;
        this.patience = patience;
        this.minPause = minPause;
        this.maxPause = maxPause;
        succeeded();
    }

    /** Resets the deadline and the pause. */
    public void succeeded() {
        deadline = time.deadline(patience);
        pause = minPause;
    }

    /** Pauses before the next attempt. @return false, immediately, if the deadline would pass during the pause */
    public boolean awaitNext() throws InterruptedException {
        if (deadline.left().compareTo(pause) <= 0) {
            return false;
        }
        time.sleep(pause);
        Duration doubled = pause.multipliedBy(2);
        pause = doubled.compareTo(maxPause) < 0 ? doubled : maxPause;
        return true;
    }

    /**
     * The result of the first attempt that succeeds.
     *
     * @param what names the work in log lines and error sentences
     * @throws E or an unchecked exception: the last failure, when it is not transient or the deadline has passed
     * @throws ForetellException UNAVAILABLE when the thread is interrupted between two attempts
     */
    public <T, E extends Exception> T call(String what, Attempt<T, E> attempt, Predicate<? super Exception> isTransient)
            throws E {
        while (true) {
            try {
                T result = attempt.run();
                succeeded();
                return result;
            } catch (Exception e) {
                if (!isTransient.test(e) || !awaitNext(what)) {
                    throw e;
                }
                log.atLevel(pause.compareTo(WORTH_TELLING) < 0 ? Level.DEBUG : Level.WARN)
                        .log("{} is retried after a failure: {}", what, e.toString());
            }
        }
    }

    private boolean awaitNext(String what) {
        try {
            return awaitNext();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ForetellException(ErrorCode.UNAVAILABLE, "interrupted while retrying " + what, e);
        }
    }
}
