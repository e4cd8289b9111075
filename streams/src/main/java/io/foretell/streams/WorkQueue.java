package io.foretell.streams;

import io.foretell.platform.Deadline;
import io.foretell.platform.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicIdPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A topic as a work queue: a member of a Kafka share group that acknowledges one record at a time. If a member dies or
 * its locks expire, others receive its records with a higher attempt. Delivery is at least once.
 *
 * <p>Every record of a poll must be accepted, released or given up before the next poll. Confined to the polling thread,
 * except {@link #wakeup()}.
 */
public final class WorkQueue<T> implements AutoCloseable {
    /** Deliveries after which a record becomes a dead letter. */
    public static final int MAX_ATTEMPTS = 5;

    private static final Logger log = LoggerFactory.getLogger(WorkQueue.class);
    private static final Duration DEADLINE = Duration.ofSeconds(30);
    private static final Duration RENEWAL = Duration.ofSeconds(15);

    private final String topic;
    private final Codec<T> codec;
    private final DeadLetters deadLetters;
    private final ShareConsumer<byte[], byte[]> consumer;
    private final Time time;
    private final Map<Work.Place, Work<T>> held = new LinkedHashMap<>();
    private final Set<Work.Place> lost = new HashSet<>();
    private final List<Work<T>> taken = new ArrayList<>();

    private WorkQueue(
            String topic, Codec<T> codec, DeadLetters deadLetters, ShareConsumer<byte[], byte[]> consumer, Time time) {
        this.time = time;
        this.topic = topic;
        this.codec = codec;
        this.deadLetters = deadLetters;
        this.consumer = consumer;
    }

    /**
     * Joins {@code group} on {@code topic}.
     *
     * @param maxRecords maximum records per poll, and maximum that this member locks at a time
     */
    public static <T> WorkQueue<T> open(
            String bootstrap,
            String topic,
            String group,
            Codec<T> codec,
            int maxRecords,
            DeadLetters deadLetters,
            Time time) {
        try (Admin admin = Clients.admin(bootstrap, DEADLINE)) {
            Topics.configureShareGroup(admin, group, time);
        }
        Map<String, Object> config = Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrap,
                ConsumerConfig.GROUP_ID_CONFIG,
                group,
                ConsumerConfig.SHARE_ACKNOWLEDGEMENT_MODE_CONFIG,
                "explicit",
                ConsumerConfig.SHARE_ACQUIRE_MODE_CONFIG,
                "record_limit",
                ConsumerConfig.MAX_POLL_RECORDS_CONFIG,
                maxRecords,
                ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG,
                8 * 1024 * 1024,
                ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG,
                100,
                ConsumerConfig.RETRY_BACKOFF_MS_CONFIG,
                20,
                ConsumerConfig.RECONNECT_BACKOFF_MAX_MS_CONFIG,
                500);
        ShareConsumer<byte[], byte[]> consumer =
                new KafkaShareConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
        consumer.subscribe(List.of(topic));
        return new WorkQueue<>(topic, codec, deadLetters, consumer, time);
    }

    /**
     * The next records, or none when {@code timeout} passes or {@link #wakeup()} is called.
     *
     * @throws IllegalStateException when records of the last poll are still held
     */
    public List<Work<T>> poll(Duration timeout) {
        if (!taken.isEmpty()) {
            List<Work<T>> early = List.copyOf(taken);
            taken.clear();
            return early;
        }
        if (!held.isEmpty()) {
            throw new IllegalStateException(held.size() + " records of " + topic
                    + " are still held; accept, release or give them up before the next poll");
        }
        try {
            take(timeout);
        } catch (WakeupException e) {
            return List.of();
        }
        List<Work<T>> work = List.copyOf(taken);
        taken.clear();
        return work;
    }

    /* Renewed records are delivered again and only replace their earlier copies. */
    private Set<Work.Place> take(Duration timeout) {
        Set<Work.Place> renewed = new HashSet<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
            Work.Place place = Work.Place.of(record);
            Work<T> before = held.get(place);
            if (before != null) {
                held.put(place, new Work<>(before.value(), before.attempt(), record));
                renewed.add(place);
            } else {
                receive(record).ifPresent(work -> {
                    held.put(place, work);
                    taken.add(work);
                });
            }
        }
        return renewed;
    }

    private Optional<Work<T>> receive(ConsumerRecord<byte[], byte[]> record) {
        int attempt = record.deliveryCount().orElse((short) 1);
        try {
            T value = codec.decode(record.value() == null ? new byte[0] : record.value());
            if (attempt < MAX_ATTEMPTS) {
                return Optional.of(new Work<>(value, attempt, record));
            }
            deadLetters.put(record, "it was delivered " + attempt + " times and never finished", codec.labels(value));
        } catch (UnreadableRecordException e) {
            deadLetters.put(record, String.valueOf(e.getMessage()), Map.of());
        }
        consumer.acknowledge(record, AcknowledgeType.ACCEPT);
        return Optional.empty();
    }

    /** Whether {@code work} still waits to be accepted, released or given up. */
    boolean isHeld(Work<T> work) {
        return held.containsKey(work.place());
    }

    /** Done: {@code work} never comes back once {@link #commit()} or the next poll has told Kafka. */
    public void accept(Work<T> work) {
        acknowledge(work, AcknowledgeType.ACCEPT);
    }

    /** Not done: {@code work} goes to whoever polls next. */
    public void release(Work<T> work) {
        acknowledge(work, AcknowledgeType.RELEASE);
    }

    /** Gives up: {@code work} becomes a dead letter and never comes back. */
    public void deadLetter(Work<T> work, String reason) {
        deadLetters.put(work.origin(), reason, codec.labels(work.value()));
        acknowledge(work, AcknowledgeType.ACCEPT);
    }

    private void acknowledge(Work<T> work, AcknowledgeType type) {
        Work<T> mine = held.remove(work.place());
        if (mine == null && lost.remove(work.place())) {
            return; // its lock was lost, so somebody else finishes it
        }
        if (mine == null) {
            throw new IllegalStateException("record " + work.place() + " of " + topic + " is not held");
        }
        consumer.acknowledge(mine.origin(), type);
    }

    /**
     * Sends acknowledgements of everything accepted and released to Kafka. One that arrives after its lock expired is
     * logged: that record is processed twice.
     */
    public void commit() {
        try {
            report(consumer.commitSync(DEADLINE));
        } catch (WakeupException e) {
            report(consumer.commitSync(DEADLINE));
            consumer.wakeup(); // it was meant for a poll
        }
    }

    private void report(Map<TopicIdPartition, Optional<KafkaException>> results) {
        results.forEach((partition, failure) -> failure.ifPresent(e -> log.warn(
                "acknowledgements of {} were not taken, its records may come again: {}", partition, e.toString())));
    }

    /** Renews the locks of all held records; call it well within the 30 s that a lock lasts. */
    public void renew() {
        if (held.isEmpty()) {
            return;
        }
        held.values().forEach(work -> consumer.acknowledge(work.origin(), AcknowledgeType.RENEW));
        commit();
        Set<Work.Place> missing = new HashSet<>(held.keySet());
        Deadline deadline = time.deadline(RENEWAL);
        boolean isWoken = false;
        // They come together; after that Kafka gives no more records before these are acknowledged.
        while (missing.size() == held.size() && taken.isEmpty() && !deadline.hasPassed()) {
            try {
                missing.removeAll(take(Duration.ofMillis(50)));
            } catch (WakeupException e) {
                isWoken = true;
            }
        }
        if (isWoken) {
            consumer.wakeup();
        }
        if (!missing.isEmpty()) {
            log.warn("{} records of {} were held too long and go to others as well", missing.size(), topic);
            held.keySet().removeAll(missing);
            lost.addAll(missing);
        }
    }

    /** Ends a poll in progress, or the next one. Thread-safe. */
    public void wakeup() {
        consumer.wakeup();
    }

    /** Leaves the group; other members can receive the held records at once. */
    @Override
    public void close() {
        consumer.close(Duration.ofSeconds(10));
    }
}
