package io.foretell.streams;

import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.PublishedWeights;
import io.foretell.domain.WeightAck;
import io.foretell.platform.Deadline;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.RetryUntil;
import io.foretell.platform.Threads;
import io.foretell.platform.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the learner's announcements on its own thread. The latest is the one published last; after a learner's crash
 * its version may be lower than the previous one. Thread-safe; listeners run on the feed's thread and must not block.
 */
public final class PolicyFeed implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PolicyFeed.class);
    private static final Duration DEADLINE = Duration.ofSeconds(30);
    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final Duration MIN_PAUSE = Duration.ofMillis(50);
    private static final Duration MAX_PAUSE = Duration.ofSeconds(2);

    private final String topic;
    private final TopicPartition partition;
    private final Time time;
    private final RecordSender sender;
    private final WeightAcks use;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Thread follower;
    private final CountDownLatch caughtUp = new CountDownLatch(1);
    private final List<Consumer<PolicyAnnouncement>> listeners = new CopyOnWriteArrayList<>();
    private volatile boolean closed;
    private @Nullable PolicyAnnouncement latest; // guarded by this
    private final List<Awaited> awaited = new ArrayList<>(); // guarded by this

    private record Awaited(long minVersion, CompletableFuture<PublishedWeights> result) {}

    /** Reads the topic to its end before it returns. */
    public PolicyFeed(String bootstrap, Topics topics, Time time) {
        this.time = time;
        this.topic = topics.policies();
        this.partition = new TopicPartition(topic, 0);
        this.sender = new RecordSender(bootstrap);
        this.use = new WeightAcks(topic, sender, time);
        Map<String, Object> config = Clients.consuming(bootstrap);
        config.put("auto.offset.reset", "earliest");
        this.consumer = Clients.consumer(config);
        this.follower = Threads.daemon("policy-feed-" + topics.run(), this::follow);
        follower.start();
        awaitCaughtUp();
    }

    private void awaitCaughtUp() {
        try {
            if (caughtUp.await(DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
                return;
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        close();
        throw new ForetellException(
                ErrorCode.TIMEOUT, "the topic " + topic + " could not be read within " + DEADLINE.toSeconds() + " s");
    }

    private void follow() {
        try (consumer) {
            consumer.assign(List.of(partition));
            long end = end();
            consumer.seekToBeginning(List.of(partition));
            while (!closed) {
                pollOnce();
                use.renew();
                if (caughtUp.getCount() > 0 && consumer.position(partition, DEADLINE) >= end) {
                    caughtUp.countDown();
                }
            }
        } catch (WakeupException e) {
            log.debug("policy feed of {} stops", topic);
        } catch (RuntimeException e) {
            log.error("policy feed of {} stopped: {}; restart this process", topic, e.toString(), e);
        }
    }

    private long end() {
        return retry(DEADLINE)
                .call(
                        "reading the end of " + topic,
                        () -> consumer.endOffsets(List.of(partition), DEADLINE).get(partition),
                        failure -> failure instanceof KafkaException && !(failure instanceof WakeupException));
    }

    private void pollOnce() {
        try {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(500))) {
                accept(record);
            }
        } catch (WakeupException e) {
            throw e;
        } catch (KafkaException e) {
            log.warn("policy feed of {} retries: {}", topic, e.toString());
        }
    }

    private void accept(ConsumerRecord<byte[], byte[]> record) {
        if (WeightAcks.isOf(record)) {
            use.accept(record);
            return;
        }
        PolicyAnnouncement announcement;
        try {
            announcement = Codecs.announcement().decode(record.value() == null ? new byte[0] : record.value());
        } catch (UnreadableRecordException e) {
            log.error("a policy version at offset {} of {} is skipped: {}", record.offset(), topic, e.getMessage());
            return;
        }
        List<Awaited> ready;
        synchronized (this) {
            latest = announcement;
            notifyAll();
            ready = awaited.stream()
                    .filter(wanted ->
                            wanted.minVersion() <= announcement.weights().version())
                    .toList();
            awaited.removeAll(ready);
        }
        ready.forEach(wanted -> wanted.result().complete(announcement.weights()));
        for (Consumer<PolicyAnnouncement> listener : listeners) {
            tell(listener, announcement);
        }
    }

    private static void tell(Consumer<PolicyAnnouncement> listener, PolicyAnnouncement announcement) {
        try {
            listener.accept(announcement);
        } catch (RuntimeException e) {
            log.error(
                    "a listener failed on policy version {}",
                    announcement.weights().version(),
                    e);
        }
    }

    /**
     * Sends the announcement, and returns when Kafka has it and this feed has read it. Retries for ten minutes while Kafka is
     * unavailable: a repeated announcement does no harm.
     */
    public void publish(PolicyAnnouncement announcement) {
        String what = "policy version " + announcement.weights().version();
        retry(PATIENCE)
                .call(
                        "publishing " + what,
                        () -> {
                            byte[] record = Codecs.announcement().encode(announcement);
                            Clients.await(
                                    sender.send(topic, announcement.weights().run(), record), DEADLINE, what);
                            awaitHere(announcement);
                            return announcement;
                        },
                        failure -> failure instanceof ForetellException
                                && !closed
                                && !Thread.currentThread().isInterrupted());
        log.info(
                "policy published policyVersion={} step={}",
                announcement.weights().version(),
                announcement.progress().step());
    }

    private RetryUntil retry(Duration patience) {
        return new RetryUntil(time, patience, MIN_PAUSE, MAX_PAUSE);
    }

    /* The next caller must not see a version that a crash has rolled back. */
    private synchronized void awaitHere(PolicyAnnouncement announcement) {
        Deadline deadline = time.deadline(DEADLINE);
        try {
            while (!announcement.equals(latest)) {
                long leftMs = deadline.left().toMillis();
                if (leftMs <= 0) {
                    throw new ForetellException(
                            ErrorCode.TIMEOUT,
                            "policy version " + announcement.weights().version()
                                    + " was written but not read back within " + DEADLINE.toSeconds() + " s");
                }
                wait(leftMs);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ForetellException(
                    ErrorCode.UNAVAILABLE,
                    "interrupted while publishing policy version "
                            + announcement.weights().version(),
                    e);
        }
    }

    /** What the learner announced last. */
    public synchronized Optional<PolicyAnnouncement> latest() {
        return Optional.ofNullable(latest);
    }

    /**
     * Waits for weights of {@code minVersion} or newer.
     *
     * @throws ForetellException TIMEOUT if none arrives within {@code timeout}
     */
    public synchronized PublishedWeights await(long minVersion, Duration timeout) {
        Deadline deadline = time.deadline(timeout);
        try {
            while (latest == null || latest.weights().version() < minVersion) {
                long leftMs = deadline.left().toMillis();
                if (leftMs <= 0) {
                    throw new ForetellException(
                            ErrorCode.TIMEOUT,
                            "no policy version " + minVersion + " or newer was published within "
                                    + timeout.toSeconds() + " s; the latest is "
                                    + (latest == null
                                            ? "none"
                                            : latest.weights().version()));
                }
                wait(leftMs);
            }
            return latest.weights();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ForetellException(
                    ErrorCode.UNAVAILABLE, "interrupted while waiting for policy version " + minVersion, e);
        }
    }

    /** A future of the latest weights; it completes once they are {@code minVersion} or newer, with no deadline. */
    public CompletableFuture<PublishedWeights> atLeast(long minVersion) {
        CompletableFuture<PublishedWeights> result = new CompletableFuture<>();
        synchronized (this) {
            if (latest == null || latest.weights().version() < minVersion) {
                awaited.add(new Awaited(minVersion, result));
            } else {
                result.complete(latest.weights());
            }
        }
        return result;
    }

    /** Announces, now and for as long as this feed is open, that a consumer works with a version. */
    public void acknowledge(WeightAck used) {
        use.acknowledge(used);
    }

    /** Announces that a consumer of this process has stopped. */
    public void withdraw(String consumer) {
        use.withdraw(consumer);
    }

    /** The versions that live consumers work with. */
    public List<WeightAck> inUse() {
        return use.inUse();
    }

    /** Calls {@code listener} with every announcement from now on, and at once with the latest if there is one. */
    public void onChange(Consumer<PolicyAnnouncement> listener) {
        listeners.add(listener);
        latest().ifPresent(announcement -> tell(listener, announcement));
    }

    @Override
    public void close() {
        closed = true;
        consumer.wakeup();
        try {
            follower.join(DEADLINE.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        sender.close();
    }
}
