package io.foretell.streams;

import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.IntSupplier;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Tasks that will never reach the learner because they, or the rollouts that answer them, became dead letters. Each
 * counts once. Confined to the feeder's thread.
 */
final class DeadTasks implements AutoCloseable {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private final Set<String> origins;
    private final Consumer<byte[], byte[]> consumer;
    private final Set<String> known = new HashSet<>();
    private final Map<Integer, Long> perPhase = new TreeMap<>();

    DeadTasks(String bootstrap, Topics topics, IntSupplier unknownPhase) {
        this.origins = Set.of(topics.tasks(), topics.rollouts());
        Map<String, Object> config = new HashMap<>(Clients.consuming(bootstrap));
        config.put("isolation.level", "read_committed");
        config.put("auto.offset.reset", "earliest");
        config.put("fetch.max.wait.ms", 1000);
        this.consumer = Clients.consumer(config);
        TopicPartition partition = new TopicPartition(topics.deadLetters(), 0);
        consumer.assign(List.of(partition));
        consumer.seekToBeginning(List.of(partition));
        long end = consumer.endOffsets(List.of(partition), DEADLINE).get(partition);
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        while (consumer.position(partition, DEADLINE) < end && System.nanoTime() < deadline) {
            read(Duration.ofMillis(200), unknownPhase);
        }
    }

    /** Reads what has arrived, without waiting. */
    void poll(IntSupplier unknownPhase) {
        read(Duration.ZERO, unknownPhase);
    }

    private void read(Duration timeout, IntSupplier unknownPhase) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(timeout)) {
            DeadLetter letter = DeadLetters.of(record);
            if (origins.contains(letter.topic()) && known.add(letter.taskId().orElse(letter.key()))) {
                perPhase.merge(letter.phase().orElseGet(unknownPhase::getAsInt), 1L, Long::sum);
            }
        }
    }

    List<Long> perPhase(int phases) {
        Long[] counts = new Long[phases];
        for (int k = 0; k < phases; k++) {
            counts[k] = perPhase.getOrDefault(k, 0L);
        }
        return Collections.unmodifiableList(List.of(counts));
    }

    @Override
    public void close() {
        consumer.close();
    }
}
