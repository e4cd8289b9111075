package io.foretell.streams;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * The feeder's side of Kafka: documents read one at a time from a given offset, and records written in one transaction
 * with the position they lead to. Confined to the feeder's thread.
 */
final class FeederTransaction implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private final TopicPartition partition;
    private final Consumer<byte[], byte[]> consumer;
    private final Producer<byte[], byte[]> producer;
    private final Deque<ConsumerRecord<byte[], byte[]>> fetched = new ArrayDeque<>();
    private boolean isOpen;

    /** Takes over from any earlier feeder of this run; its unfinished transaction is rolled back. */
    FeederTransaction(String bootstrap, Topics topics) {
        this.partition = new TopicPartition(topics.documents(), 0);
        String name = topics.run() + ".feeder";
        Map<String, Object> consuming = new HashMap<>(Clients.consuming(bootstrap));
        consuming.put(ConsumerConfig.GROUP_ID_CONFIG, name);
        consuming.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        consuming.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 500);
        consuming.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 25); // also delays a seek
        Map<String, Object> producing = new HashMap<>(Clients.producing(bootstrap));
        producing.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, name);
        producing.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        producing.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, 5);
        producing.put(ProducerConfig.RETRY_BACKOFF_MAX_MS_CONFIG, 5);
        producing.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, (int) DEADLINE.toMillis());
        this.consumer = Clients.consumer(consuming);
        consumer.assign(List.of(partition));
        this.producer = Clients.producer(producing);
        try {
            producer.initTransactions();
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    Optional<OffsetAndMetadata> committed() {
        return Optional.ofNullable(
                consumer.committed(java.util.Set.of(partition), DEADLINE).get(partition));
    }

    long beginning() {
        return consumer.beginningOffsets(List.of(partition), DEADLINE).get(partition);
    }

    long end() {
        return consumer.endOffsets(List.of(partition), DEADLINE).get(partition);
    }

    void seek(long offset) {
        fetched.clear();
        consumer.seek(partition, offset);
    }

    /** The next document without taking it, fetched within {@code timeout}. */
    Optional<ConsumerRecord<byte[], byte[]>> peek(Duration timeout) {
        if (fetched.isEmpty()) {
            consumer.poll(timeout).forEach(fetched::addLast);
        }
        return Optional.ofNullable(fetched.peekFirst());
    }

    void take() {
        fetched.removeFirst();
    }

    /** Offset that the next fetch begins at, when nothing fetched is left. */
    long fetchPosition() {
        return consumer.position(partition, DEADLINE);
    }

    void send(ProducerRecord<byte[], byte[]> record) {
        if (!isOpen) {
            producer.beginTransaction();
            isOpen = true;
        }
        producer.send(record);
    }

    /** Makes what was sent, and {@code position}, visible together. */
    void commit(OffsetAndMetadata position) {
        if (!isOpen) {
            producer.beginTransaction();
            isOpen = true;
        }
        producer.sendOffsetsToTransaction(Map.of(partition, position), consumer.groupMetadata());
        producer.commitTransaction();
        isOpen = false;
    }

    /** Rolls back what was not committed. */
    @Override
    public void close() {
        producer.close(Duration.ofSeconds(5));
        consumer.close();
    }
}
