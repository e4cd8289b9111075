package io.foretell.streams;

import io.foretell.platform.Deadline;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/** Reads a topic from its beginning to the end it has now, committed records only. Pure function. */
public final class TopicScan {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private TopicScan() {}

    /**
     * Shows every value and when it was written, in the order of each partition; on the topic of policies only what the
     * learner announced, and not who uses it.
     *
     * @throws ForetellException TIMEOUT when Kafka gives nothing for 30 s
     */
    public static <T> void read(
            String bootstrap, String topic, Codec<T> codec, BiConsumer<T, Instant> visitor, Time time) {
        Map<String, Object> config = Clients.consuming(bootstrap);
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        try (KafkaConsumer<byte[], byte[]> consumer = Clients.consumer(config)) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (PartitionInfo info : consumer.partitionsFor(topic, DEADLINE)) {
                partitions.add(new TopicPartition(topic, info.partition()));
            }
            consumer.assign(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions, DEADLINE);
            consumer.seekToBeginning(partitions);
            Deadline quiet = time.deadline(DEADLINE);
            while (!isAt(consumer, ends)) {
                for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    quiet = time.deadline(DEADLINE);
                    if (WeightAcks.isOf(record)) {
                        continue;
                    }
                    visitor.accept(
                            codec.decode(record.value() == null ? new byte[0] : record.value()),
                            Instant.ofEpochMilli(record.timestamp()));
                }
                if (quiet.hasPassed()) {
                    throw new ForetellException(
                            ErrorCode.TIMEOUT,
                            "the topic " + topic + " could not be read to its end: nothing came for "
                                    + DEADLINE.toSeconds() + " s");
                }
            }
        }
    }

    private static boolean isAt(KafkaConsumer<byte[], byte[]> consumer, Map<TopicPartition, Long> ends) {
        return ends.entrySet().stream().allMatch(end -> consumer.position(end.getKey(), DEADLINE) >= end.getValue());
    }
}
