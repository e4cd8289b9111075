package io.foretell.streams;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Tells of tasks whose dead letter, or that of the rollouts that answer them, says that they will never reach the learner;
 * from the beginning of the topic, so that nothing has to be remembered. The same task may come more than once. Confined
 * to one thread.
 */
public final class DeadLetterReader implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    /** A task that was given up. */
    public record Lost(String taskId, Optional<Integer> phase, String reason) {}

    private final Set<String> origins;
    private final TopicPartition partition;
    private final Consumer<byte[], byte[]> consumer;

    public DeadLetterReader(String bootstrap, Topics topics) {
        this.origins = Set.of(topics.tasks(), topics.rollouts());
        this.partition = new TopicPartition(topics.deadLetters(), 0);
        Map<String, Object> config = new HashMap<>(Clients.consuming(bootstrap));
        config.put("isolation.level", "read_committed");
        config.put("auto.offset.reset", "earliest");
        config.put("fetch.max.wait.ms", 1000);
        this.consumer = Clients.consumer(config);
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
    }

    /** Reads all that is there now. */
    public void readToEnd(java.util.function.Consumer<Lost> reader) {
        long end = consumer.endOffsets(List.of(partition), DEADLINE).get(partition);
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (consumer.position(partition, DEADLINE) < end && System.nanoTime() < deadline) {
            poll(Duration.ofMillis(200), reader);
        }
    }

    /** Reads what has arrived, or arrives within {@code timeout}. */
    public void poll(Duration timeout, java.util.function.Consumer<Lost> reader) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
            DeadLetter letter = DeadLetters.of(record);
            if (origins.contains(letter.topic())) {
                reader.accept(new Lost(letter.taskId().orElse(letter.key()), letter.phase(), letter.reason()));
            }
        }
    }

    @Override
    public void close() {
        consumer.close();
    }
}
