package io.foretell.streams;

import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.ListShareGroupOffsetsSpec;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.admin.SharePartitionOffsetInfo;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartition;

/**
 * How many records wait on each of a run's queues. Control records of transactions count too, so a depth is an upper
 * bound that becomes exact when the queue is empty. Thread-safe.
 */
public final class QueueDepths implements AutoCloseable {
    private final Topics topics;
    private final Supplier<Map<Integer, Long>> scoredPositions;
    private final Duration deadline;
    private final Admin admin;

    /** @param scoredPositions the learner's next offset per partition of {@code scored-groups}; when empty, its
     *     depth is not known and left out */
    public QueueDepths(
            String bootstrap, Topics topics, Supplier<Map<Integer, Long>> scoredPositions, Duration deadline) {
        this.topics = topics;
        this.scoredPositions = scoredPositions;
        this.deadline = deadline;
        this.admin = Clients.admin(bootstrap, deadline);
    }

    /**
     * Depths by the topic's short name: tasks, rollouts, scored-groups.
     *
     * @throws io.foretell.platform.ForetellException TIMEOUT or UNAVAILABLE when Kafka does not say in time
     */
    public Map<String, Long> read() {
        Map<TopicPartition, Long> ends = ends();
        Map<String, Long> depths = new LinkedHashMap<>();
        depths.put("tasks", shareLag(topics.tasks(), topics.rolloutWorkers(), ends));
        depths.put("rollouts", shareLag(topics.rollouts(), topics.rewardWorkers(), ends));
        Map<Integer, Long> scored = scoredPositions.get();
        if (!scored.isEmpty()) {
            depths.put("scored-groups", lag(topics.scoredGroups(), ends, scored));
        }
        return depths;
    }

    private Map<TopicPartition, Long> ends() {
        List<String> names = List.of(topics.tasks(), topics.rollouts(), topics.scoredGroups());
        Map<String, TopicDescription> described =
                Clients.await(admin.describeTopics(names).allTopicNames(), deadline, "the run's topics");
        Map<TopicPartition, OffsetSpec> wanted = new HashMap<>();
        described
                .values()
                .forEach(topic -> topic.partitions()
                        .forEach(
                                p -> wanted.put(new TopicPartition(topic.name(), p.partition()), OffsetSpec.latest())));
        Map<TopicPartition, ListOffsetsResultInfo> answered =
                Clients.await(admin.listOffsets(wanted).all(), deadline, "the ends of the run's topics");
        Map<TopicPartition, Long> ends = new HashMap<>();
        answered.forEach((partition, info) -> ends.put(partition, info.offset()));
        return ends;
    }

    private long shareLag(String topic, String group, Map<TopicPartition, Long> ends) {
        Map<TopicPartition, SharePartitionOffsetInfo> known = Clients.await(
                admin.listShareGroupOffsets(Map.of(group, new ListShareGroupOffsetsSpec()))
                        .partitionsToOffsetInfo(group),
                deadline,
                "the positions of share group " + group);
        long lag = 0;
        for (Map.Entry<TopicPartition, Long> end : ends.entrySet()) {
            if (end.getKey().topic().equals(topic)) {
                SharePartitionOffsetInfo info = known.get(end.getKey());
                long behind = info == null ? end.getValue() : info.lag().orElse(end.getValue() - info.startOffset());
                lag += Math.max(0, behind);
            }
        }
        return lag;
    }

    private static long lag(String topic, Map<TopicPartition, Long> ends, Map<Integer, Long> positions) {
        return ends.entrySet().stream()
                .filter(end -> end.getKey().topic().equals(topic))
                .mapToLong(end -> Math.max(
                        0, end.getValue() - positions.getOrDefault(end.getKey().partition(), 0L)))
                .sum();
    }

    @Override
    public void close() {
        admin.close(deadline);
    }
}
