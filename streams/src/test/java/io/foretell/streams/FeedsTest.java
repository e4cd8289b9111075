package io.foretell.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.WeightAck;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Time;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("integration")
class FeedsTest {
    private final String bootstrap = SharedBroker.bootstrap();
    private final Topics topics = SharedBroker.run(2);

    @Test
    void policiesReachFollowersAndThoseWhoComeLater() {
        List<Long> heard = Collections.synchronizedList(new ArrayList<>());
        try (PolicyFeed learner = new PolicyFeed(bootstrap, topics, Time.system());
                PolicyFeed worker = new PolicyFeed(bootstrap, topics, Time.system())) {
            assertThat(worker.latest()).isEmpty();
            worker.onChange(version -> heard.add(version.weights().version()));
            learner.publish(policy(1));
            learner.publish(policy(2));
            assertThat(worker.await(2, Duration.ofSeconds(60)))
                    .isEqualTo(policy(2).weights());
            learner.publish(policy(1)); // the learner went back to a checkpoint
            WorkQueueTest.eventually(() -> heard.size() == 3);
            assertThat(worker.latest()).contains(policy(1));
            assertThatThrownBy(() -> worker.await(9, Duration.ofMillis(50)))
                    .isInstanceOfSatisfying(
                            ForetellException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.TIMEOUT));
        }
        assertThat(heard).containsExactly(1L, 2L, 1L);
        try (PolicyFeed late = new PolicyFeed(bootstrap, topics, Time.system())) {
            assertThat(late.latest()).contains(policy(1));
        }
    }

    @Test
    void everyoneKnowsWhichVersionAWorkerWorksWith() {
        WeightAck used = new WeightAck(topics.run(), "rollout@a:1", 1, 0.25, 1000);
        try (PolicyFeed learner = new PolicyFeed(bootstrap, topics, Time.system());
                PolicyFeed worker = new PolicyFeed(bootstrap, topics, Time.system())) {
            learner.publish(policy(1));
            worker.acknowledge(used);
            WorkQueueTest.eventually(() -> learner.inUse().equals(List.of(used)));
            assertThat(learner.latest())
                    .as("an acknowledgement is no announcement")
                    .contains(policy(1));
            worker.acknowledge(new WeightAck(topics.run(), "rollout@a:1", 2, 0.5, 2000));
            WorkQueueTest.eventually(() ->
                    learner.inUse().stream().map(WeightAck::version).toList().equals(List.of(2L)));
            worker.withdraw("rollout@a:1");
            WorkQueueTest.eventually(() -> learner.inUse().isEmpty());
        }
    }

    @Test
    void aWorkerNotHeardOfIsTakenForDead() {
        AtomicLong now = new AtomicLong();
        Time time = new Time() {
            @Override
            public Instant instant() {
                return Instant.EPOCH;
            }

            @Override
            public long nanos() {
                return now.get();
            }

            @Override
            public void sleep(Duration pause) {
                now.addAndGet(pause.toNanos());
            }
        };
        byte[] value = Codecs.policyInUse().encode(new WeightAck("run", "w", 5, 0, 0));
        try (RecordSender sender = new RecordSender(bootstrap)) {
            WeightAcks use = new WeightAcks(topics.policies(), sender, time);
            use.accept(new ConsumerRecord<>(topics.policies(), 0, 0, "consumer/w".getBytes(), value));
            now.set(WeightAcks.FORGOTTEN.toNanos());
            assertThat(use.inUse()).extracting(WeightAck::version).containsExactly(5L);
            now.incrementAndGet();
            assertThat(use.inUse()).isEmpty();
        }
    }

    @Test
    void readerGoesOnWhereItsOwnPositionsSayAndReportsLostRecords() {
        try (RecordSender sender = new RecordSender(bootstrap)) {
            for (int i = 0; i < 3; i++) {
                sender.send(topics.scoredGroups(), "k" + i, new byte[] {(byte) i});
            }
            sender.flush();
            try (GroupReader reader = new GroupReader(bootstrap, topics.scoredGroups(), Map.of(0, 1L))) {
                List<GroupReader.Received> received = new ArrayList<>();
                WorkQueueTest.eventually(() -> {
                    received.addAll(reader.poll(Duration.ofMillis(200)));
                    return received.size() == 2;
                });
                assertThat(received).extracting(GroupReader.Received::offset).containsExactly(1L, 2L);
                assertThat(reader.next()).containsEntry(0, 3L);
                assertThat(reader.gaps()).isZero();
            }
            try (GroupReader beyond = new GroupReader(bootstrap, topics.scoredGroups(), Map.of(0, 7L))) {
                assertThat(beyond.gaps()).isEqualTo(1);
                assertThat(beyond.next()).containsEntry(0, 3L);
            }
        }
    }

    @Test
    void whatIsSentToTopicsJustMadeArrivesInOrder() {
        Topics[] fresh = new Topics[12];
        try (RecordSender sender = new RecordSender(bootstrap)) {
            List<CompletableFuture<Void>> sent = new ArrayList<>();
            for (int t = 0; t < fresh.length; t++) {
                fresh[t] = SharedBroker.run(1);
                for (int i = 0; i < 50; i++) {
                    sent.add(sender.send(fresh[t].deadLetters(), "k", new byte[] {(byte) i}));
                    LockSupport.parkNanos(200_000); // so that several requests are made of them
                }
            }
            Clients.await(
                    CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)),
                    Duration.ofSeconds(30),
                    "records for new topics");
            for (Topics topics : fresh) {
                assertThat(new DeadLetters(bootstrap, topics, sender).read(100, Time.system()))
                        .extracting(letter -> (int) letter.value()[0])
                        .hasSize(50)
                        .isSorted();
            }
        }
    }

    @Test
    void depthsCountWhatWaits() {
        try (RecordSender sender = new RecordSender(bootstrap);
                QueueDepths depths = new QueueDepths(bootstrap, topics, () -> Map.of(0, 1L), Duration.ofSeconds(60))) {
            for (int i = 0; i < 5; i++) {
                sender.send(topics.tasks(), "k" + i, Codecs.task().encode(Samples.task("k" + i, 0)));
                sender.send(topics.scoredGroups(), "k" + i, new byte[1]);
            }
            sender.flush();
            assertThat(depths.read()).isEqualTo(Map.of("tasks", 5L, "rollouts", 0L, "scored-groups", 4L));
            DeadLetters letters = new DeadLetters(bootstrap, topics, sender);
            try (WorkQueue<io.foretell.domain.Task> queue = WorkQueue.open(
                    bootstrap, topics.tasks(), topics.rolloutWorkers(), Codecs.task(), 100, letters, Time.system())) {
                WorkQueueTest.eventually(() -> {
                    queue.poll(Duration.ofMillis(200)).forEach(queue::accept);
                    queue.commit();
                    return depths.read().get("tasks") == 0;
                });
            }
        }
    }

    private PolicyAnnouncement policy(long version) {
        return Samples.policy(topics, version, List.of(version), List.of(0L));
    }
}
