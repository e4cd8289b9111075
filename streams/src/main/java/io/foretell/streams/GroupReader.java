package io.foretell.streams;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a topic from positions that the caller stores together with its results. Nothing is committed to
 * Kafka. Confined to the thread that polls, except {@link #wakeup()}.
 */
public final class GroupReader implements AutoCloseable {
    /** A record as it is on the topic. */
    public record Received(int partition, long offset, byte[] key, byte[] value) {}

    private static final Logger log = LoggerFactory.getLogger(GroupReader.class);
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private final String topic;
    private final Consumer<byte[], byte[]> consumer;
    private long gaps;

    /**
     * Reads {@code topic} from {@code next}.
     *
     * @param next per partition, the offset of the first record wanted; partitions not named begin at the beginning
     */
    public GroupReader(String bootstrap, String topic, Map<Integer, Long> next) {
        this.topic = topic;
        Map<String, Object> config = Clients.consuming(bootstrap);
        config.put(ConsumerConfig.FETCH_MAX_WAIT_MS_CONFIG, 100);
        this.consumer = Clients.consumer(config);
        List<TopicPartition> partitions = new ArrayList<>();
        for (PartitionInfo info : consumer.partitionsFor(topic, DEADLINE)) {
            partitions.add(new TopicPartition(topic, info.partition()));
        }
        consumer.assign(partitions);
        Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(partitions, DEADLINE);
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, DEADLINE);
        for (TopicPartition partition : partitions) {
            long wanted = next.getOrDefault(partition.partition(), beginnings.get(partition));
            consumer.seek(partition, within(partition, wanted, beginnings.get(partition), ends.get(partition)));
        }
    }

    private long within(TopicPartition partition, long wanted, long beginning, long end) {
        if (wanted > end) {
            gaps++;
            log.error(
                    "position {} of {} is beyond its end {}: Kafka has lost records that were read before, as after a"
                            + " power cut; reading goes on at the end, and records written anew are read",
                    wanted,
                    partition,
                    end);
            return end;
        }
        if (wanted < beginning) {
            gaps++;
            log.error(
                    "position {} of {} is before its beginning {}: {} records were deleted before they were read;"
                            + " reading goes on at the beginning",
                    wanted,
                    partition,
                    beginning,
                    beginning - wanted);
            return beginning;
        }
        return wanted;
    }

    /** The next records in order, or none when {@code timeout} passes or {@link #wakeup()} is called. */
    public List<Received> poll(Duration timeout) {
        List<Received> received = new ArrayList<>();
        try {
            for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
                received.add(new Received(
                        record.partition(),
                        record.offset(),
                        record.key() == null ? new byte[0] : record.key(),
                        record.value() == null ? new byte[0] : record.value()));
            }
        } catch (WakeupException e) {
            return List.of();
        } catch (OffsetOutOfRangeException e) {
            Map<TopicPartition, Long> beginnings = consumer.beginningOffsets(e.partitions(), DEADLINE);
            Map<TopicPartition, Long> ends = consumer.endOffsets(e.partitions(), DEADLINE);
            e.offsetOutOfRangePartitions()
                    .forEach((partition, wanted) -> consumer.seek(
                            partition, within(partition, wanted, beginnings.get(partition), ends.get(partition))));
        }
        return received;
    }

    /** Per partition, the offset of the record that the next poll begins with. */
    public Map<Integer, Long> next() {
        Map<Integer, Long> next = new TreeMap<>();
        consumer.assignment()
                .forEach(partition -> next.put(partition.partition(), consumer.position(partition, DEADLINE)));
        return next;
    }

    /** Per partition, the offset behind its last record now. */
    public Map<Integer, Long> ends() {
        Map<Integer, Long> ends = new TreeMap<>();
        consumer.endOffsets(consumer.assignment(), DEADLINE)
                .forEach((partition, end) -> ends.put(partition.partition(), end));
        return ends;
    }

    /** How many times a wanted position was not there any more. */
    public long gaps() {
        return gaps;
    }

    public String topic() {
        return topic;
    }

    /** Ends a poll in progress, or the next one. Thread-safe. */
    public void wakeup() {
        consumer.wakeup();
    }

    @Override
    public void close() {
        consumer.close();
    }
}
