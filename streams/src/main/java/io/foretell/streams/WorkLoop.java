package io.foretell.streams;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.RetryUntil;
import io.foretell.platform.Threads;
import io.foretell.platform.Time;
import io.foretell.platform.Watchdog;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * The life of a worker: take records, answer them, write the answers, and only then acknowledge. A worker that dies
 * loses nothing but what it was doing; records that could not be answered go back to the queue, and to the dead letters
 * after too many attempts. Runs on a thread of its own until closed; {@link #pause}, {@link #resume} and {@link #close}
 * are thread-safe, the rest is for the {@link Step}.
 */
public final class WorkLoop<T> implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(WorkLoop.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration GIVE_UP = Duration.ofMinutes(10);
    private static final long SEND_SECONDS = 30;
    private static final long RENEW_SECONDS = 8;
    private static final long CLOSE_SECONDS = 30;

    /** A record of a topic. */
    public record Addressed(String topic, String key, byte[] value, Map<String, String> headers) {}

    /**
     * The record that answers a piece of work.
     *
     * @param before records of other topics that Kafka must have first
     */
    public record Answer(String key, byte[] value, Map<String, String> headers, List<Addressed> before) {
        public Answer(String key, byte[] value, Map<String, String> headers) {
            this(key, value, headers, List.of());
        }
    }

    /** What a worker does. Called on the loop's thread. */
    @FunctionalInterface
    public interface Step<T> {
        /**
         * Answers a batch.
         *
         * @return an answer for every piece of work that was not given up
         * @throws RuntimeException when nothing can be answered now: the batch goes back to the queue
         */
        Map<Work<T>, Answer> answer(List<Work<T>> batch, WorkLoop<T> loop) throws InterruptedException;
    }

    private final String name;
    private final WorkQueue<T> queue;
    private final RecordSender sender;
    private final String target;
    private final Watchdog watchdog;
    private final Step<T> step;
    private final Time time;
    private final Thread thread;
    private volatile boolean closed;
    private volatile boolean paused;

    /**
     * Does nothing before {@link #start()}.
     *
     * @param queue becomes the loop's and is closed with it
     * @param sender stays its owner's
     * @param target topic of the answers
     */
    public WorkLoop(
            String name,
            WorkQueue<T> queue,
            RecordSender sender,
            String target,
            Watchdog watchdog,
            Step<T> step,
            Time time) {
        this.name = name;
        this.queue = queue;
        this.sender = sender;
        this.target = target;
        this.watchdog = watchdog;
        this.step = step;
        this.time = time;
        this.thread = Threads.user(name.replace(' ', '-'), this::run);
    }

    public WorkLoop<T> start() {
        thread.start();
        return this;
    }

    private void run() {
        try (queue) {
            while (!closed) {
                if (paused) {
                    watchdog.done(name);
                    time.sleep(POLL);
                    continue;
                }
                watchdog.waitingFor(name, "records");
                List<Work<T>> batch = poll();
                if (!batch.isEmpty()) {
                    answer(batch);
                    watchdog.progress(name);
                }
            }
        } catch (InterruptedException e) {
            log.info("{} was interrupted", name);
        } catch (RuntimeException e) {
            log.error("the {} stopped: {}", name, e.toString(), e);
        } finally {
            watchdog.done(name);
        }
    }

    /** Retries for some minutes while Kafka is unavailable. */
    private List<Work<T>> poll() {
        return new RetryUntil(time, GIVE_UP, PAUSE, PAUSE)
                .call(
                        "polling by the " + name,
                        () -> queue.poll(POLL),
                        failure -> failure instanceof KafkaException && !closed);
    }

    private void answer(List<Work<T>> batch) throws InterruptedException {
        try {
            Map<Work<T>, Answer> answers = step.answer(batch, this);
            send(answers.values().stream().flatMap(answer -> answer.before().stream()));
            send(answers.values().stream()
                    .map(answer -> new Addressed(target, answer.key(), answer.value(), answer.headers())));
            answers.keySet().forEach(queue::accept);
        } catch (RuntimeException | ExecutionException | TimeoutException e) {
            log.atLevel(closed ? Level.INFO : Level.ERROR)
                    .log("{} records go back to the queue of the {}: {}", batch.size(), name, e.toString());
            batch.stream().filter(queue::isHeld).forEach(queue::release);
            time.sleep(POLL);
        }
        try {
            queue.commit();
        } catch (KafkaException e) {
            log.warn("acknowledgements of the {} did not arrive, its records may come again: {}", name, e.toString());
        }
    }

    private void send(Stream<Addressed> records) throws InterruptedException, ExecutionException, TimeoutException {
        CompletableFuture<?>[] sent = records.map(
                        record -> sender.send(record.topic(), record.key(), record.value(), record.headers()))
                .toArray(CompletableFuture[]::new);
        CompletableFuture.allOf(sent).get(SEND_SECONDS, TimeUnit.SECONDS);
    }

    /** Gives {@code work} up: it goes to the dead letters. */
    public void giveUp(Work<T> work, String reason) {
        queue.deadLetter(work, reason);
    }

    /** Puts {@code work} back: it comes again, here or elsewhere, with a higher attempt. */
    public void retry(Work<T> work) {
        queue.release(work);
    }

    /**
     * Waits for {@code result}, however long it takes, keeping the locks of the batch in hand.
     *
     * @throws ForetellException or whatever unchecked exception {@code result} failed with; UNAVAILABLE when the loop is
     *     closed meanwhile
     */
    public <R> R await(CompletableFuture<R> result) throws InterruptedException {
        while (!closed) {
            try {
                return result.get(RENEW_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                queue.renew();
            } catch (ExecutionException e) {
                if (e.getCause() instanceof RuntimeException cause) {
                    throw cause;
                }
                throw new ForetellException(ErrorCode.INTERNAL, name + " failed: " + e.getCause(), e.getCause());
            }
        }
        throw new ForetellException(ErrorCode.UNAVAILABLE, "the " + name + " is stopping");
    }

    /** Does {@code work}, which may block for long, on a thread of its own, and {@link #await}s its end. */
    public void aside(Runnable work) throws InterruptedException {
        await(CompletableFuture.runAsync(work, Threads.perTask(name + " aside")));
    }

    /** Takes no more records after those in hand. */
    public void pause() {
        paused = true;
    }

    public void resume() {
        paused = false;
    }

    public boolean isPaused() {
        return paused;
    }

    /** Whether the thread is still there. */
    public boolean isAlive() {
        return thread.isAlive();
    }

    @Override
    public void close() {
        closed = true;
        queue.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(CLOSE_SECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
