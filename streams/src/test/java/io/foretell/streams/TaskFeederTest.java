package io.foretell.streams;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.domain.Example;
import io.foretell.domain.Task;
import io.foretell.platform.Metrics;
import io.foretell.platform.Time;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("integration")
class TaskFeederTest {
    private final String bootstrap = SharedBroker.bootstrap();
    private final Topics topics = SharedBroker.run(2);
    private final RecordSender sender = new RecordSender(bootstrap);
    private final PolicyFeed policies = new PolicyFeed(bootstrap, topics, Time.system());
    private final Metrics metrics = new Metrics();

    @TempDir
    Path folder;

    private DocumentIndex index;
    private TaskFeeder feeder;

    @AfterEach
    void close() {
        stop();
        policies.close();
        sender.close();
        metrics.close();
    }

    @Test
    void nothingIsIssuedBeforeTheFirstPolicyAndThenExactlyTheWindow() {
        documents(0, 100);
        start(settings(4, 2, 1), phase(0, PhasePlan.OPEN_ENDED));
        WorkQueueTest.eventually(() -> feeder.status().waitingFor().contains("first policy"));
        publish(0, List.of(0L), List.of(0L));
        awaitIssued(12); // (2 + 1) * 4
        publish(1, List.of(4L), List.of(1L));
        awaitIssued(17);
        WorkQueueTest.eventually(() -> feeder.status().waitingFor().contains("12 of at most 12"));
        assertThat(tasks()).hasSize(17).allMatch(task -> task.minPolicyVersion() == -1);
    }

    @Test
    void strictlyOnPolicyIssuesOneStepForExactlyThePublishedVersion() {
        documents(0, 30);
        FeederSettings strict = new FeederSettings(4, 5, true, "exact", 1, 0);
        start(strict, phase(0, PhasePlan.OPEN_ENDED));
        publish(7, List.of(0L), List.of(0L));
        awaitIssued(4);
        publish(8, List.of(4L), List.of(0L));
        awaitIssued(8);
        assertThat(tasks()).extracting(Task::minPolicyVersion).containsOnly(7L, 8L);
    }

    @Test
    void phasesAreFedInOrderWithExactCountsAndDroppedGroupsAreReplaced() {
        documents(0, 60);
        start(settings(10, 9, 1), phase(0, 7), phase(1, 5));
        publish(0, List.of(0L, 0L), List.of(0L, 0L));
        WorkQueueTest.eventually(() -> feeder.status().waitingFor().contains("all phases"));
        assertThat(feeder.status().issued()).containsExactly(7L, 5L);
        publish(1, List.of(7L, 0L), List.of(2L, 1L));
        awaitIssued(15);
        WorkQueueTest.eventually(() -> feeder.status().waitingFor().contains("all phases"));
        assertThat(feeder.status().issued()).containsExactly(9L, 6L);
        assertThat(tasks()).filteredOn(task -> task.phase() == 0).hasSize(9);
    }

    @Test
    void tasksThatDieOnTheWayAreReplaced() {
        documents(0, 20);
        start(settings(3, 0, 1), phase(0, 6));
        publish(0, List.of(0L), List.of(0L));
        awaitIssued(3);
        DeadLetters letters = new DeadLetters(bootstrap, topics, sender);
        try (WorkQueue<Task> queue = WorkQueue.open(
                bootstrap, topics.tasks(), topics.rolloutWorkers(), Codecs.task(), 1, letters, Time.system())) {
            List<Work<Task>> got = new ArrayList<>();
            WorkQueueTest.eventually(() -> got.addAll(queue.poll(Duration.ofMillis(200))));
            queue.deadLetter(got.get(0), "the test says so");
            queue.commit();
        }
        awaitIssued(4);
        assertThat(feeder.status().inFlight()).isEqualTo(3);
    }

    @Test
    void aSpawnedTaskThatDiesIsNotTheFeedersToReplace() {
        documents(0, 20);
        start(settings(3, 0, 1), phase(0, 6));
        publish(0, List.of(0L), List.of(0L));
        awaitIssued(3);
        DeadLetters letters = new DeadLetters(bootstrap, topics, sender);
        Task parent = tasks().get(0);
        Task child = parent.child(0, new Example(parent.prompt(), parent.target()), Instant.EPOCH);
        for (Task dead : List.of(child, parent)) {
            byte[] key = dead.id().getBytes(StandardCharsets.UTF_8);
            letters.put(
                    new ConsumerRecord<>(
                            topics.tasks(), 0, 0, key, Codecs.task().encode(dead)),
                    "the test says so",
                    Codecs.task().labels(dead));
        }
        awaitIssued(4);
        assertThat(feeder.status().inFlight()).isEqualTo(3);
    }

    @Test
    void restartsInTheMiddleLeaveNoGapAndNoRepeatEvenWithoutTheIndex() {
        int count = 40;
        documents(0, count);
        documents(10, 12); // duplicates
        long used = 0;
        for (int round = 0; round < 6; round++) {
            start(settings(7, 0, 1), phase(0, PhasePlan.OPEN_ENDED));
            publish(round, List.of(used), List.of(0L));
            long wanted = Math.min(used + 7, count * 3);
            awaitIssued(wanted);
            stop();
            if (round == 2) {
                SharedBroker.delete(folder.resolve("index"));
            }
            used = wanted;
        }
        start(settings(1000, 0, 1), phase(0, PhasePlan.OPEN_ENDED));
        publish(100, List.of(used), List.of(0L));
        awaitIssued(count * 3);
        WorkQueueTest.eventually(() -> feeder.status().waitingFor().contains("more documents"));
        List<Task> tasks = tasks();
        assertThat(tasks).hasSize(count * 3);
        Set<String> ids = new HashSet<>();
        tasks.forEach(task -> assertThat(ids.add(task.id())).isTrue());
        Set<String> documents = new HashSet<>();
        tasks.forEach(task -> documents.add(task.documentId()));
        assertThat(documents).hasSize(count);
        assertThat(feeder.status().issued()).containsExactly(count * 3L);
    }

    @Test
    void anotherEpochVisitsTheAcceptedDocumentsAgain() {
        documents(0, 5);
        documents(0, 5);
        start(settings(1000, 0, 2), phase(0, PhasePlan.OPEN_ENDED));
        publish(0, List.of(0L), List.of(0L));
        awaitIssued(5 * 3 * 2);
        WorkQueueTest.eventually(() -> feeder.status().waitingFor().contains("more documents"));
        assertThat(feeder.status().epoch()).isEqualTo(1);
        assertThat(tasks()).extracting(Task::id).doesNotHaveDuplicates().hasSize(30);
        documents(5, 6);
        awaitIssued(33);
    }

    @Test
    void openEndedEpochsGoOnUntilThePhaseHasItsTasksAndIdleWithoutFruit() {
        send("{\"id\":\"x\",\"text\":\"abcdefg\"}");
        start(settings(1000, 0, 0), phase(0, 11), new PhasePlan(1, Samples.ntp(), 3, Set.of("other")));
        publish(0, List.of(0L, 0L), List.of(0L, 0L));
        awaitIssued(11);
        WorkQueueTest.eventually(() -> feeder.status().waitingFor().contains("none of them gives a task to phase 1"));
        send("{\"id\":\"y\",\"text\":\"abcdefg\",\"domain\":\"other\"}");
        WorkQueueTest.eventually(() -> feeder.status().waitingFor().contains("more documents"));
        send("{\"id\":\"z\",\"text\":\"abcdefgh\",\"domain\":\"other\"}");
        awaitIssued(14);
    }

    @Test
    void badConflictingAndHeldOutDocumentsGiveNoTasks() {
        send("not json");
        send("{\"id\":\"a\",\"text\":\"abcdefghi\"}");
        send("{\"id\":\"a\",\"text\":\"something else\"}");
        send("{\"id\":\"b\",\"text\":\"held out\",\"domain\":\"held-out\"}");
        send("{\"id\":\"c\",\"text\":\"x\"}"); // too short to learn from
        start(settings(1000, 0, 1), phase(0, PhasePlan.OPEN_ENDED));
        publish(0, List.of(0L), List.of(0L));
        WorkQueueTest.eventually(() -> feeder.status().waitingFor().contains("more documents"));
        assertThat(tasks()).extracting(Task::documentId).containsOnly("a").hasSize(2);
        DeadLetters reader = new DeadLetters(bootstrap, topics, sender);
        WorkQueueTest.eventually(() -> reader.read(10, Time.system()).size() >= 2);
        List<DeadLetter> letters = reader.read(10, Time.system());
        assertThat(letters).hasSize(2);
        assertThat(letters.get(0).value()).asString(StandardCharsets.UTF_8).isEqualTo("not json");
        assertThat(letters.get(1).reason()).contains("belongs to another text");
        assertThat(letters.get(1).offset()).isEqualTo(2);
        assertThat(metrics.scrape()).contains("documents_rejected_total{reason=\"conflict\"} 1.0");
        assertThat(index.contentOf("a")).isPresent();
    }

    @Test
    void aSecondFeederTakesOverAndTheFirstStops() {
        documents(0, 50);
        start(settings(5, 0, 1), phase(0, PhasePlan.OPEN_ENDED));
        publish(0, List.of(0L), List.of(0L));
        awaitIssued(5);
        TaskFeeder first = feeder;
        try (DocumentIndex other = DocumentIndex.open(folder.resolve("other"), true);
                TaskFeeder second = feeder(other, settings(5, 0, 1), phase(0, PhasePlan.OPEN_ENDED))
                        .start()) {
            WorkQueueTest.eventually(() -> second.status().waitingFor().contains("5 of at most 5"));
            publish(1, List.of(5L), List.of(0L));
            WorkQueueTest.eventually(() -> second.status().issued().get(0) == 10
                    && first.status().failure().contains("another feeder"));
        }
        assertThat(tasks()).extracting(Task::id).doesNotHaveDuplicates().hasSize(10);
    }

    private void start(FeederSettings settings, PhasePlan... phases) {
        index = DocumentIndex.open(folder.resolve("index"), settings.isExact());
        feeder = feeder(index, settings, phases).start();
    }

    private TaskFeeder feeder(DocumentIndex with, FeederSettings settings, PhasePlan... phases) {
        return new TaskFeeder(
                bootstrap,
                topics,
                topics.run(),
                42,
                with,
                new Samples.Characters(),
                List.of(phases),
                settings,
                policies,
                metrics,
                FeederListener.NONE,
                Time.system());
    }

    private void stop() {
        if (feeder != null) {
            feeder.close();
            index.close();
            feeder = null;
        }
    }

    private static FeederSettings settings(int groupsPerStep, int maxOffPolicySteps, int epochs) {
        return new FeederSettings(groupsPerStep, maxOffPolicySteps, false, "exact", epochs, 0);
    }

    private static PhasePlan phase(int index, long groups) {
        return new PhasePlan(index, Samples.ntp(), groups, Set.of());
    }

    /** Each of these has three tasks. */
    private void documents(int from, int to) {
        for (int i = from; i < to; i++) {
            send("{\"id\":\"d%d\",\"text\":\"%013d\"}".formatted(i, i));
        }
    }

    private void send(String json) {
        Clients.await(
                sender.send(topics.documents(), "k", json.getBytes(StandardCharsets.UTF_8)),
                Duration.ofSeconds(60),
                "a document");
    }

    private void publish(long version, List<Long> used, List<Long> dropped) {
        policies.publish(Samples.policy(topics, version, used, dropped));
    }

    private void awaitIssued(long count) {
        WorkQueueTest.eventually(() ->
                feeder.status().issued().stream().mapToLong(Long::longValue).sum() >= count);
    }

    /** All tasks issued by now: of a transaction that is committed but whose markers are on their way, too. */
    private List<Task> tasks() {
        List<TopicPartition> partitions =
                List.of(new TopicPartition(topics.tasks(), 0), new TopicPartition(topics.tasks(), 1));
        Map<TopicPartition, Long> ends;
        try (Consumer<byte[], byte[]> consumer = Clients.consumer(Clients.consuming(bootstrap))) {
            ends = consumer.endOffsets(partitions); // read_committed would give the end of the last whole transaction
        }
        Map<String, Object> config = Clients.consuming(bootstrap);
        config.put("isolation.level", "read_committed");
        List<Task> tasks = new ArrayList<>();
        try (Consumer<byte[], byte[]> consumer = Clients.consumer(config)) {
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            WorkQueueTest.eventually(() -> {
                consumer.poll(Duration.ofMillis(200))
                        .forEach(record -> tasks.add(Codecs.task().decode(record.value())));
                return partitions.stream().allMatch(partition -> consumer.position(partition) >= ends.get(partition));
            });
        }
        return tasks;
    }
}
