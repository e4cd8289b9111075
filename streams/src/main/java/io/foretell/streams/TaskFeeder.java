package io.foretell.streams;

import io.foretell.domain.Tokenizer;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Metrics;
import io.foretell.platform.RetryUntil;
import io.foretell.platform.Threads;
import io.foretell.platform.Time;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes tasks from documents, in order, as many as the learner's announcements allow ({@link StalenessGate}), each
 * exactly once: one Kafka transaction writes tasks, dead letters and the feeder's position. If Kafka refuses it, the
 * feeder rolls back and retries from the last position for some minutes. A feeder that another one replaced stops.
 *
 * <p>Runs on its own thread; public methods are thread-safe. The caller owns the index and must close the feeder first.
 */
public final class TaskFeeder implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(TaskFeeder.class);
    private static final Duration GIVE_UP = Duration.ofMinutes(10);
    private static final Duration MIN_PAUSE = Duration.ofMillis(50);
    private static final Duration MAX_PAUSE = Duration.ofSeconds(2);
    private static final Duration CLOSE = Duration.ofSeconds(30);

    /** What every session of one feeder works with. */
    record Context(
            String bootstrap,
            Topics topics,
            DocumentIndex index,
            TaskWriter writer,
            List<PhasePlan> phases,
            FeederSettings settings,
            PolicyFeed policies,
            Metrics metrics,
            FeederListener watch,
            Time time) {}

    private final String run;
    private final FeederListener watch;
    private final Time time;
    private final Context context;
    private final Thread thread;
    private volatile boolean closed;
    private volatile FeederStatus status;

    /** Does nothing before {@link #start()}. */
    public TaskFeeder(
            String bootstrap,
            Topics topics,
            String run,
            long seed,
            DocumentIndex index,
            Tokenizer tokenizer,
            List<PhasePlan> phases,
            FeederSettings settings,
            PolicyFeed policies,
            Metrics metrics,
            FeederListener watch,
            Time time) {
        this.run = run;
        this.time = time;
        this.watch = watch;
        this.context = new Context(
                bootstrap,
                topics,
                index,
                new TaskWriter(run, seed, tokenizer, settings.isExact(), time),
                List.copyOf(phases),
                settings,
                policies,
                metrics,
                watch,
                time);
        this.status = new FeederStatus(
                0, index.next(), 0, 0, phases.stream().map(phase -> 0L).toList(), 0, "the feeder to start", "");
        this.thread = Threads.daemon("task-feeder-" + run, this::run);
        policies.onChange(version -> LockSupport.unpark(thread));
    }

    public TaskFeeder start() {
        thread.start();
        return this;
    }

    private void run() {
        RetryUntil retry = new RetryUntil(time, GIVE_UP, MIN_PAUSE, MAX_PAUSE);
        while (!closed) {
            try (FeederSession session = new FeederSession(context, this::show)) {
                while (!closed) {
                    session.step();
                    retry.succeeded();
                }
            } catch (InterruptException e) {
                Thread.interrupted();
            } catch (KafkaException | ForetellException e) {
                if (isFatal(e) || !isAwaited(retry)) {
                    stop(e);
                    return;
                }
                log.warn("the feeder of {} restarts at its last position: {}", run, e.toString());
            } catch (RuntimeException e) {
                stop(e);
                return;
            }
        }
        context.index().rollback();
    }

    private boolean isAwaited(RetryUntil retry) {
        try {
            return !closed && retry.awaitNext();
        } catch (InterruptedException e) {
            return false; // close() interrupts a feeder that takes too long
        }
    }

    /* Kafka's transient failures are retried; a failure that a retry cannot fix ends the feeder. */
    private static boolean isFatal(RuntimeException e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof ProducerFencedException
                    || cause instanceof InvalidProducerEpochException
                    || cause instanceof AuthorizationException
                    || cause instanceof AuthenticationException
                    || cause instanceof UnsupportedVersionException) {
                return true;
            }
            if (cause instanceof ForetellException known) {
                return switch (known.code()) {
                    case TIMEOUT, UNAVAILABLE -> false;
                    default -> true;
                };
            }
        }
        return false;
    }

    private void stop(RuntimeException e) {
        if (closed) {
            return;
        }
        String sentence = e instanceof ProducerFencedException || e instanceof InvalidProducerEpochException
                ? "another feeder of run " + run + " took over, so this one stopped; run one only"
                : "the feeder of run " + run + " stopped: " + e.getMessage();
        log.warn(sentence, e);
        FeederStatus last = status;
        status = new FeederStatus(
                last.position(),
                last.seen(),
                last.end(),
                last.epoch(),
                last.issued(),
                last.inFlight(),
                last.waitingFor(),
                sentence);
        watch.failed(sentence);
    }

    private void show(FeederStatus current) {
        if (!current.waitingFor().isEmpty()) {
            watch.waitingFor(current.waitingFor());
        }
        status = current;
    }

    /** The feeder's status as of its last step. */
    public FeederStatus status() {
        return status;
    }

    /** Finishes the current transaction and stops. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        try {
            thread.join(CLOSE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            log.warn("the feeder of {} did not stop within {} s and is interrupted", run, CLOSE.toSeconds());
            thread.interrupt();
        }
    }
}
