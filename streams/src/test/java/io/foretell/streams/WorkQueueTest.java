package io.foretell.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.Task;
import io.foretell.platform.Time;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("integration")
class WorkQueueTest {
    private final String bootstrap = SharedBroker.bootstrap();
    private final Topics topics = SharedBroker.run(2);
    private RecordSender sender;
    private DeadLetters letters;

    @BeforeEach
    void open() {
        sender = new RecordSender(bootstrap);
        letters = new DeadLetters(bootstrap, topics, sender);
    }

    @AfterEach
    void close() {
        sender.close();
    }

    @Test
    void recordsNotAcknowledgedComeBackToAnotherWorkerAfterClose() {
        send("a", "b", "c", "d");
        try (WorkQueue<Task> first = queue(10)) {
            Work<Task> one = pollOnce(first).get(0);
            first.accept(one);
            first.commit();
            try (WorkQueue<Task> second = queue(10)) {
                first.close();
                Set<String> rest = new HashSet<>();
                eventually(() -> {
                    for (Work<Task> work : second.poll(Duration.ofMillis(200))) {
                        rest.add(work.value().id());
                        second.accept(work);
                    }
                    return rest.size() == 3;
                });
                assertThat(rest).doesNotContain(one.value().id());
            }
        }
    }

    @Test
    void releasedRecordComesBackWithAHigherAttempt() {
        send("a");
        try (WorkQueue<Task> queue = queue(10)) {
            Work<Task> first = pollOnce(queue).get(0);
            assertThat(first.attempt()).isPositive();
            queue.release(first);
            queue.commit();
            Work<Task> second = pollOnce(queue).get(0);
            assertThat(second.attempt()).isGreaterThan(first.attempt());
            queue.accept(second);
        }
    }

    @Test
    void renewedRecordsAreStillHeldAndCanBeAccepted() {
        send("a", "b", "c");
        try (WorkQueue<Task> queue = queue(10)) {
            List<Work<Task>> held = pollOnce(queue);
            queue.renew();
            queue.renew();
            held.forEach(queue::accept);
            queue.commit();
            Set<String> ids = new HashSet<>();
            held.forEach(work -> ids.add(work.value().id()));
            while (ids.size() < 3) {
                for (Work<Task> work : pollOnce(queue)) {
                    assertThat(ids.add(work.value().id()))
                            .as("accepted records do not come back")
                            .isTrue();
                    queue.accept(work);
                }
            }
        }
    }

    @Test
    void pollWhileRecordsAreHeldIsAnError() {
        send("a");
        try (WorkQueue<Task> queue = queue(10)) {
            pollOnce(queue);
            assertThatThrownBy(() -> queue.poll(Duration.ZERO)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void wakeUpIsForPollAndNeverKeepsAcknowledgementsFromKafka() {
        send("a", "b");
        try (WorkQueue<Task> queue = queue(1)) {
            pollOnce(queue).forEach(queue::accept);
            queue.wakeup();
            queue.commit();
            assertThat(queue.poll(Duration.ofSeconds(30)))
                    .as("the poll that was woken")
                    .isEmpty();
            assertThat(pollOnce(queue)).extracting(work -> work.value().id()).containsExactly("b");
        }
    }

    @Test
    void unreadableAndEverFailingRecordsAreDeadLettersAndOthersGoOn() {
        Clients.await(
                sender.send(topics.tasks(), "bad", "garbage".getBytes(StandardCharsets.UTF_8)),
                Duration.ofSeconds(60),
                "a record");
        send("poison", "good");
        Map<String, Integer> attempts = new java.util.TreeMap<>();
        try (WorkQueue<Task> queue = queue(10)) {
            eventually(() -> {
                for (Work<Task> work : queue.poll(Duration.ofMillis(200))) {
                    attempts.merge(work.value().id(), 1, Integer::sum);
                    if (work.value().id().equals("poison")) {
                        queue.release(work);
                    } else {
                        queue.accept(work);
                    }
                }
                queue.commit();
                List<DeadLetter> read = letters.read(10, Time.system());
                return read.stream().anyMatch(letter -> letter.key().equals("bad"))
                        && read.stream()
                                .anyMatch(letter ->
                                        letter.taskId().filter("poison"::equals).isPresent());
            });
        }
        assertThat(attempts).containsOnlyKeys("good", "poison");
        assertThat(attempts.get("poison")) // a lock that is lost counts, too
                .isBetween(1, WorkQueue.MAX_ATTEMPTS - 1);
        assertThat(letters.read(10, Time.system())).anySatisfy(letter -> {
            assertThat(letter.key()).isEqualTo("bad");
            assertThat(letter.value()).asString(StandardCharsets.UTF_8).isEqualTo("garbage");
            assertThat(letter.topic()).isEqualTo(topics.tasks());
            assertThat(letter.reason()).contains("not a task");
        });
        assertThat(letters.read(10, Time.system())).anySatisfy(letter -> {
            assertThat(letter.taskId()).contains("poison");
            assertThat(letter.phase()).contains(0);
            assertThat(letter.reason()).contains("5 times");
        });
    }

    @Test
    void rateOfSmallRecordsIsHighEnoughForWarmUp() {
        int count = 30_000;
        for (int i = 0; i < count; i++) {
            sender.send(topics.tasks(), "k" + i, Codecs.task().encode(Samples.task("k" + i, 0)));
        }
        sender.flush();
        Set<String> ids = new HashSet<>();
        try (WorkQueue<Task> queue = queue(500)) {
            take(queue, ids, count / 3);
            long start = System.nanoTime();
            int before = ids.size();
            take(queue, ids, count);
            double rate = (ids.size() - before) / ((System.nanoTime() - start) / 1e9);
            System.out.printf("share group: %.0f records/s through poll, accept and commit%n", rate);
            assertThat(rate).isGreaterThan(100);
        }
    }

    private void take(WorkQueue<Task> queue, Set<String> ids, int count) {
        eventually(() -> {
            for (Work<Task> work : queue.poll(Duration.ofMillis(200))) {
                ids.add(work.value().id());
                queue.accept(work);
            }
            queue.commit();
            return ids.size() >= count;
        });
    }

    private WorkQueue<Task> queue(int maxRecords) {
        return WorkQueue.open(
                bootstrap, topics.tasks(), topics.rolloutWorkers(), Codecs.task(), maxRecords, letters, Time.system());
    }

    private void send(String... ids) {
        for (String id : ids) {
            Clients.await(
                    sender.send(topics.tasks(), id, Codecs.task().encode(Samples.task(id, 0))),
                    Duration.ofSeconds(60),
                    "a record");
        }
    }

    private static List<Work<Task>> pollOnce(WorkQueue<Task> queue) {
        List<Work<Task>> got = new ArrayList<>();
        eventually(() -> got.addAll(queue.poll(Duration.ofMillis(200))));
        return got;
    }

    static void eventually(java.util.function.BooleanSupplier condition) {
        long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(deadline - System.nanoTime())
                    .as("two minutes have passed")
                    .isPositive();
            LockSupport.parkNanos(5_000_000);
        }
    }
}
