package io.foretell.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class OwnerThreadTest {
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    @Test
    void workRunsOnTheNamedThreadAndNestedCallsAtOnce() {
        try (OwnerThread owner = OwnerThread.start("policy")) {
            assertThat(owner.isCurrent()).isFalse();
            String name = owner.call(
                    DEADLINE,
                    () -> owner.call(DEADLINE, () -> Thread.currentThread().getName()));
            assertThat(name).isEqualTo("policy");
        }
    }

    @Test
    void aMissedDeadlineNamesTheThreadAndWhatItDoes() throws Exception {
        CountDownLatch release = new CountDownLatch(1);
        AtomicBoolean ran = new AtomicBoolean();
        try (OwnerThread owner = OwnerThread.start("policy")) {
            CountDownLatch begun = new CountDownLatch(1);
            CompletableFuture<Boolean> busy = owner.submit(() -> generate(begun, release));
            begun.await();
            assertThatThrownBy(() -> owner.call(Duration.ofMillis(200), () -> ran.getAndSet(true)))
                    .isInstanceOf(ForetellException.class)
                    .hasMessage("policy did not answer within 200ms: it is in OwnerThreadTest.generate, 1 calls wait");
            release.countDown();
            assertThat(owner.<Boolean>call(DEADLINE, busy::isDone)).isTrue();
        }
        assertThat(ran).as("a call that came too late is not begun").isFalse();
    }

    @Test
    void whatTheWorkThrowsComesOut() {
        try (OwnerThread owner = OwnerThread.start("policy")) {
            assertThatThrownBy(() -> owner.call(DEADLINE, () -> {
                        throw new IllegalArgumentException("no");
                    }))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> owner.call(DEADLINE, () -> {
                        throw new IOException("disk");
                    }))
                    .isInstanceOf(ForetellException.class)
                    .hasCauseInstanceOf(IOException.class);
        }
    }

    @Test
    void closingDrainsAndThenRefuses() {
        List<Integer> done = new ArrayList<>();
        OwnerThread owner = OwnerThread.start("policy");
        for (int i = 0; i < 100; i++) {
            int n = i;
            owner.submit(() -> done.add(n));
        }
        owner.close();

        assertThat(done).hasSize(100).isSorted();
        assertThatThrownBy(() -> owner.call(DEADLINE, () -> 1)).hasMessage("policy is closed");
    }

    @Test
    void closingGivesUpOnAStuckThreadAndFailsTheRest() {
        CountDownLatch release = new CountDownLatch(1);
        OwnerThread owner = OwnerThread.start("policy");
        owner.submit(() -> generate(new CountDownLatch(1), release));
        CompletableFuture<Integer> waiting = owner.submit(() -> 1);
        owner.close(Duration.ofMillis(100));

        assertThatThrownBy(waiting::join).hasRootCauseMessage("policy was closed before this call's turn");
        release.countDown();
    }

    @Test
    void theQueueIsBounded() throws InterruptedException {
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        try (OwnerThread owner = OwnerThread.start("policy")) {
            owner.submit(() -> generate(begun, release));
            begun.await();
            CompletableFuture<Integer> last = new CompletableFuture<>();
            for (int i = 0; i < 1026; i++) {
                last = owner.submit(() -> 1);
            }
            assertThat(last).isCompletedExceptionally();
            release.countDown();
        }
    }

    private static boolean generate(CountDownLatch begun, CountDownLatch release) throws InterruptedException {
        begun.countDown();
        release.await();
        return true;
    }
}
