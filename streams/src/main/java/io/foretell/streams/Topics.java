package io.foretell.streams;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.RetryUntil;
import io.foretell.platform.Time;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Names and shapes of a run's topics and share groups. Immutable. */
public final class Topics {
    private static final Duration DEADLINE = Duration.ofSeconds(30);
    private static final Duration LOCK = Duration.ofSeconds(30);
    private static final Duration LOOK_AGAIN = Duration.ofMillis(20);
    private static final String BEGINNING = "share.auto.offset.reset";
    private static final String EARLIEST = "earliest";

    private final String run;

    public Topics(String run) {
        if (!run.matches("[A-Za-z0-9._-]{1,200}")) {
            throw new IllegalArgumentException("run.name is '" + run
                    + "' but must be 1 to 200 letters, digits, dots, dashes or underscores: topics are named after it");
        }
        this.run = run;
    }

    public String run() {
        return run;
    }

    public String documents() {
        return run + ".documents";
    }

    public String tasks() {
        return run + ".tasks";
    }

    public String rollouts() {
        return run + ".rollouts";
    }

    public String scoredGroups() {
        return run + ".scored-groups";
    }

    public String policies() {
        return run + ".policies";
    }

    public String deadLetters() {
        return run + ".dead-letters";
    }

    /** Share group of the workers that take from {@link #tasks()}. */
    public String rolloutWorkers() {
        return run + ".rollout-workers";
    }

    /** Share group of the workers that take from {@link #rollouts()}. */
    public String rewardWorkers() {
        return run + ".reward-workers";
    }

    /** Creates what is missing on the cluster at {@code bootstrap}, and leaves existing topics alone. */
    public void ensure(String bootstrap, int partitions, Time time) {
        try (Admin admin = Clients.admin(bootstrap, DEADLINE)) {
            ensure(admin, partitions, time);
        }
    }

    /** Creates what is missing, and leaves existing topics alone. */
    void ensure(Admin admin, int partitions, Time time) {
        Set<String> existing = Clients.await(admin.listTopics().names(), DEADLINE, "the list of topics");
        List<NewTopic> missing = new ArrayList<>(wanted(partitions));
        missing.removeIf(topic -> existing.contains(topic.name()));
        for (Map.Entry<String, org.apache.kafka.common.KafkaFuture<Void>> created :
                admin.createTopics(missing).values().entrySet()) {
            Clients.awaitCreated(created.getValue(), DEADLINE, created.getKey());
        }
        awaitLeaders(admin, missing, time);
        configureShareGroup(admin, rolloutWorkers(), time);
        configureShareGroup(admin, rewardWorkers(), time);
    }

    /**
     * A broker hears of a new topic a moment after the controller. Where it refuses a producer's first records until then, it
     * takes the second ones, and the first never (KAFKA-15591).
     */
    private static void awaitLeaders(Admin admin, List<NewTopic> topics, Time time) {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        for (NewTopic topic : topics) {
            for (int partition = 0; partition < topic.numPartitions(); partition++) {
                asked.put(new TopicPartition(topic.name(), partition), OffsetSpec.latest());
            }
        }
        new RetryUntil(time, DEADLINE, LOOK_AGAIN, LOOK_AGAIN)
                .call(
                        "looking up the new topics",
                        () -> Clients.await(admin.listOffsets(asked).all(), DEADLINE, "the new topics"),
                        failure -> failure.getCause() instanceof UnknownTopicOrPartitionException);
    }

    private List<NewTopic> wanted(int partitions) {
        return List.of(
                topic(documents(), 1, Map.of(TopicConfig.RETENTION_MS_CONFIG, "-1")),
                topic(tasks(), partitions, Map.of()),
                topic(rollouts(), partitions, Map.of()),
                topic(scoredGroups(), 1, Map.of()),
                topic(policies(), 1, Map.of(TopicConfig.CLEANUP_POLICY_CONFIG, TopicConfig.CLEANUP_POLICY_COMPACT)),
                topic(deadLetters(), 1, Map.of(TopicConfig.RETENTION_MS_CONFIG, "-1")));
    }

    private static NewTopic topic(String name, int partitions, Map<String, String> config) {
        Map<String, String> all = new HashMap<>(config);
        all.put(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, String.valueOf(BrokerProperties.MAX_MESSAGE_BYTES));
        return new NewTopic(name, java.util.Optional.of(partitions), java.util.Optional.empty()).configs(all);
    }

    /** Makes {@code group} begin at the beginning, see only committed records, and hold a record for 30 s at most. */
    static void configureShareGroup(Admin admin, String group, Time time) {
        Collection<AlterConfigOp> settings = List.of(
                set(BEGINNING, EARLIEST),
                set("share.isolation.level", "read_committed"),
                set("share.record.lock.duration.ms", String.valueOf(LOCK.toMillis())));
        Clients.await(
                admin.incrementalAlterConfigs(Map.of(new ConfigResource(ConfigResource.Type.GROUP, group), settings))
                        .all(),
                DEADLINE,
                "the settings of share group " + group);
        awaitBeginning(admin, group, time);
    }

    /** The broker has the settings a moment after the controller; a group that starts earlier would skip existing records. */
    private static void awaitBeginning(Admin admin, String group, Time time) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.GROUP, group);
        String what = "the settings of share group " + group;
        new RetryUntil(time, DEADLINE, LOOK_AGAIN, LOOK_AGAIN)
                .call(
                        "looking up " + what,
                        () -> {
                            ConfigEntry beginning = Clients.await(
                                            admin.describeConfigs(List.of(resource))
                                                    .all(),
                                            DEADLINE,
                                            what)
                                    .get(resource)
                                    .get(BEGINNING);
                            if (!EARLIEST.equals(beginning.value())) {
                                throw new ForetellException(
                                        ErrorCode.TIMEOUT,
                                        "the broker did not take " + what + " within " + DEADLINE.toSeconds() + " s");
                            }
                            return beginning;
                        },
                        failure -> failure instanceof ForetellException known && known.code() == ErrorCode.TIMEOUT);
    }

    private static AlterConfigOp set(String name, String value) {
        return new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
    }
}
