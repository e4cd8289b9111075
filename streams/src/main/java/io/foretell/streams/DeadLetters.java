package io.foretell.streams;

import io.foretell.platform.Deadline;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Time;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The topic of records that nothing could be done with. Thread-safe; closing it closes nothing of others. */
public final class DeadLetters {
    private static final Logger log = LoggerFactory.getLogger(DeadLetters.class);
    private static final Duration DEADLINE = Duration.ofSeconds(30);
    private static final String PREFIX = "origin_";
    private static final String TOPIC = PREFIX + "topic";
    private static final String PARTITION = PREFIX + "partition";
    private static final String OFFSET = PREFIX + "offset";
    private static final String REASON = "reason";

    /* A letter must fit into a record with its headers; what does not is cut, and says so. */
    private static final int MAX_BYTES = Clients.MAX_REQUEST_BYTES - 256 * 1024;
    private static final int CUT_BYTES = 1024 * 1024;

    private final String bootstrap;
    private final String topic;
    private final RecordSender sender;

    /** @param sender stays its owner's */
    public DeadLetters(String bootstrap, Topics topics, RecordSender sender) {
        this.bootstrap = bootstrap;
        this.topic = topics.deadLetters();
        this.sender = sender;
    }

    /** Keeps {@code origin} with the reason, and returns when Kafka has it. */
    public void put(ConsumerRecord<byte[], byte[]> origin, String reason, Map<String, String> headers) {
        log.warn(
                "dead letter topic={} partition={} offset={} reason={}",
                origin.topic(),
                origin.partition(),
                origin.offset(),
                reason);
        Clients.await(sender.send(record(topic, origin, reason, headers)), DEADLINE, "a dead letter");
    }

    /** Keeps a record of {@code topic} that a {@link GroupReader} received, and returns when Kafka has it. */
    public void put(String topic, GroupReader.Received received, String reason) {
        put(
                new ConsumerRecord<>(topic, received.partition(), received.offset(), received.key(), received.value()),
                reason,
                Map.of());
    }

    static ProducerRecord<byte[], byte[]> record(
            String topic, ConsumerRecord<byte[], byte[]> origin, String reason, Map<String, String> headers) {
        byte[] value = origin.value();
        boolean isTooLarge = value != null && value.length > MAX_BYTES;
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(topic, origin.key(), isTooLarge ? Arrays.copyOf(value, CUT_BYTES) : value);
        if (isTooLarge) {
            add(record, "cut_from_bytes", String.valueOf(value.length));
        }
        for (Header header : origin.headers()) {
            if (!headers.containsKey(header.key())) {
                record.headers().add(header);
            }
        }
        headers.forEach((name, text) -> add(record, name, text));
        add(record, TOPIC, origin.topic());
        add(record, PARTITION, String.valueOf(origin.partition()));
        add(record, OFFSET, String.valueOf(origin.offset()));
        add(record, REASON, reason);
        return record;
    }

    private static void add(ProducerRecord<byte[], byte[]> record, String name, String value) {
        record.headers().add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    /** The newest letters, oldest of them first, at most {@code limit}. */
    public List<DeadLetter> read(int limit, Time time) {
        TopicPartition partition = new TopicPartition(topic, 0);
        Map<String, Object> config = Clients.consuming(bootstrap);
        config.put("isolation.level", "read_committed");
        config.put("auto.offset.reset", "earliest");
        Deque<DeadLetter> letters = new ArrayDeque<>();
        try (Consumer<byte[], byte[]> consumer = Clients.consumer(config)) {
            consumer.assign(List.of(partition));
            long end = consumer.endOffsets(List.of(partition), DEADLINE).get(partition);
            consumer.seekToBeginning(List.of(partition));
            Deadline deadline = time.deadline(DEADLINE);
            while (consumer.position(partition, DEADLINE) < end && !deadline.hasPassed()) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    letters.addLast(of(record));
                    if (letters.size() > limit) {
                        letters.removeFirst();
                    }
                }
            }
        } catch (KafkaException e) {
            throw new ForetellException(
                    ErrorCode.UNAVAILABLE, "the dead letters of " + topic + " cannot be read: " + e.getMessage(), e);
        }
        return new ArrayList<>(letters);
    }

    static DeadLetter of(ConsumerRecord<byte[], byte[]> record) {
        Map<String, String> headers = new HashMap<>();
        for (Header header : record.headers()) {
            headers.put(header.key(), header.value() == null ? "" : text(header.value()));
        }
        return new DeadLetter(
                headers.getOrDefault(TOPIC, ""),
                (int) number(headers.get(PARTITION)),
                number(headers.get(OFFSET)),
                record.key() == null ? "" : text(record.key()),
                record.value() == null ? new byte[0] : record.value(),
                headers.getOrDefault(REASON, ""),
                headers);
    }

    private static long number(@org.jspecify.annotations.Nullable String text) {
        return text != null && text.matches("\\d{1,18}") ? Long.parseLong(text) : -1;
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
