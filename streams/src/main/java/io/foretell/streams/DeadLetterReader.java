package io.foretell.streams;

import io.foretell.platform.Deadline;
import io.foretell.platform.Time;
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
 * Reads the dead letters for tasks that will never reach the learner: those of tasks, and those of the rollouts that answer
 * them. It starts at the beginning of the topic, so it keeps no state. The same task may come more than once. Confined
 * to one thread.
 */
public final class DeadLetterReader implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    /** A task that was given up. */
    public record Lost(String taskId, Optional<Integer> phase, String reason) {}

    private final Time time;
    private final Set<String> origins;
    private final TopicPartition partition;
    private final Consumer<byte[], byte[]> consumer;

    public DeadLetterReader(String bootstrap, Topics topics, Time time) {
        this.time = time;
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
        Deadline deadline = time.deadline(DEADLINE);
        while (consumer.position(partition, DEADLINE) < end && !deadline.hasPassed()) {
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
