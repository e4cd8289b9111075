package io.foretell.streams;

import io.foretell.domain.Document;
import io.foretell.platform.Deadline;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Threads;
import io.foretell.platform.Time;
import io.foretell.sources.DocumentSource;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs sources, one after the other on a thread of its own, into the gateway, and stays at most so many documents ahead
 * of the feeder. A document that Kafka does not acknowledge is sent again, for ten minutes. A source that fails is reported
 * and the next one continues. Thread-safe.
 */
public final class SourcePump implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(SourcePump.class);
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);
    private static final int WINDOW = 1024;

    private final List<DocumentSource> sources;
    private final DocumentGateway gateway;
    private final LongSupplier feederPosition;
    private final long maxAhead;
    private final Consumer<String> report;
    private final Time time;
    private final Thread thread;
    private final Semaphore window = new Semaphore(WINDOW);
    private final Queue<Document> again = new ConcurrentLinkedQueue<>(); // not acknowledged, still in the window
    private final AtomicReference<ForetellException> lost = new AtomicReference<>();
    private volatile boolean stopping;
    private volatile long delivered;
    private volatile Deadline acknowledgement;

    /**
     * Does nothing before {@link #start()}.
     *
     * @param feederPosition offset up to which the feeder has seen documents ({@link FeederStatus#seen()})
     * @param report is given one sentence per source that failed
     */
    public SourcePump(
            List<DocumentSource> sources,
            DocumentGateway gateway,
            LongSupplier feederPosition,
            long maxAhead,
            Consumer<String> report,
            Time time) {
        this.sources = List.copyOf(sources);
        this.gateway = gateway;
        this.feederPosition = feederPosition;
        this.maxAhead = maxAhead;
        this.report = report;
        this.time = time;
        this.acknowledgement = time.deadline(PATIENCE);
        this.thread = Threads.daemon("source-pump", this::run);
    }

    public SourcePump start() {
        thread.start();
        return this;
    }

    private void run() {
        for (DocumentSource source : sources) {
            try {
                long count = source.feed(this::accept);
                drain();
                log.info("source done name={} documents={} skipped={}", source.name(), count, source.skipped());
                if (source.skipped() > 0) {
                    report.accept(source.name() + ": " + source.skipped()
                            + " documents could not be read and were left out; the log names the first of them");
                }
            } catch (InterruptedException e) {
                log.info("source stopped name={} delivered={}", source.name(), delivered);
                return;
            } catch (RuntimeException e) {
                log.warn("source failed name={}", source.name(), e);
                report.accept(source.name() + " stopped after " + delivered + " documents: " + e.getMessage());
            }
        }
    }

    private void accept(Document document) throws InterruptedException {
        while (gateway.inFlight() + gateway.acknowledgedEnd() - feederPosition.getAsLong() >= maxAhead) {
            pause();
        }
        acquire(1);
        send(document);
    }

    private void send(Document document) throws InterruptedException {
        while (true) {
            CompletableFuture<Void> sent = gateway.accept(document);
            if (!DocumentGateway.isFull(sent)) {
                sent.whenComplete((nothing, failure) -> settle(document, failure));
                return;
            }
            pause();
        }
    }

    private void settle(Document document, @Nullable Throwable failure) {
        if (failure == null) {
            delivered++;
            acknowledgement = time.deadline(PATIENCE);
            window.release();
        } else if (isPassing(translated(failure))) {
            again.add(document);
        } else {
            lost.compareAndSet(null, translated(failure));
            window.release();
        }
    }

    private void sendAgain() throws InterruptedException {
        int waiting = again.size();
        if (waiting > 0) {
            log.warn("Kafka did not acknowledge documents={}; sending them again", waiting);
        }
        for (int i = 0; i < waiting; i++) {
            send(again.remove());
        }
    }

    /** Whether the same document may pass later. */
    private static boolean isPassing(ForetellException failure) {
        return failure.code() == ErrorCode.UNAVAILABLE
                && !(failure.getCause() instanceof RecordTooLargeException)
                && !(failure.getCause() instanceof IllegalStateException);
    }

    private static ForetellException translated(Throwable failure) {
        return failure instanceof ForetellException known
                ? known
                : new ForetellException(ErrorCode.UNAVAILABLE, "a document was not stored: " + failure, failure);
    }

    private void pause() throws InterruptedException {
        check();
        time.sleep(LOOK_AGAIN);
    }

    private void check() throws InterruptedException {
        if (stopping) {
            throw new InterruptedException("the pump is closing");
        }
        ForetellException failure = lost.getAndSet(null);
        if (failure != null) {
            throw failure;
        }
    }

    private void acquire(int permits) throws InterruptedException {
        acknowledgement = time.deadline(PATIENCE);
        do {
            check();
            sendAgain();
            if (acknowledgement.hasPassed()) {
                throw new ForetellException(
                        ErrorCode.TIMEOUT,
                        "Kafka acknowledged no document for " + PATIENCE.toMinutes() + " min; is the broker alive?");
            }
        } while (!window.tryAcquire(permits, LOOK_AGAIN.toMillis(), TimeUnit.MILLISECONDS));
    }

    private void drain() throws InterruptedException {
        acquire(WINDOW);
        window.release(WINDOW);
        check();
    }

    /** Whether sources still have documents to come. */
    public boolean isRunning() {
        return thread.isAlive();
    }

    /** Documents that Kafka has acknowledged. */
    public long delivered() {
        return delivered;
    }

    public List<DocumentSource> sources() {
        return sources;
    }

    /** Stops the sources, and waits for the thread. */
    @Override
    public void close() {
        stopping = true;
        thread.interrupt();
        try {
            thread.join(30_000);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
