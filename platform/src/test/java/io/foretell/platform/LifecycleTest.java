package io.foretell.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class LifecycleTest {
    private static final Duration DEADLINE = Duration.ofSeconds(60);

    private final List<String> events = new CopyOnWriteArrayList<>();
    private final Lifecycle lifecycle = new Lifecycle(Time.system());

    @Test
    void componentsStopInReverseOrder() {
        add("store");
        add("http");
        assertThat(lifecycle.state()).isEqualTo(Lifecycle.State.LATENT);
        lifecycle.start();
        assertThat(lifecycle.state()).isEqualTo(Lifecycle.State.STARTED);
        lifecycle.stop(DEADLINE);
        lifecycle.stop(DEADLINE);

        assertThat(events).containsExactly("+store", "+http", "-http", "-store");
        assertThat(lifecycle.state()).isEqualTo(Lifecycle.State.STOPPED);
    }

    @Test
    void whatHasStartedIsCleanedUpWhenTheNextDoesNot() {
        add("store");
        lifecycle.add("flaky", () -> events.add("+flaky"), () -> {
            throw new IOException("cannot stop");
        });
        lifecycle.add(
                "http",
                () -> {
                    throw new IOException("no port");
                },
                () -> events.add("-http"));

        assertThatThrownBy(lifecycle::start)
                .isInstanceOf(ForetellException.class)
                .hasMessage("http did not start: no port")
                .satisfies(e -> assertThat(e.getSuppressed())
                        .singleElement()
                        .satisfies(s -> assertThat(s).hasMessage("flaky did not stop: cannot stop")));
        assertThat(events).containsExactly("+store", "+flaky", "-store");
        assertThat(lifecycle.state()).isEqualTo(Lifecycle.State.STOPPED);
    }

    @Test
    void oneThatHangsOrFailsDoesNotKeepTheOthersFromStopping() {
        CountDownLatch never = new CountDownLatch(1);
        add("store");
        lifecycle.add("stuck", () -> {}, never::await);
        lifecycle.add("broken", () -> {}, () -> {
            throw new IllegalStateException("oh");
        });
        lifecycle.start();

        assertThatThrownBy(() -> lifecycle.stop(Duration.ofSeconds(12)))
                .hasMessage("2 of 3 components did not stop well")
                .satisfies(e -> assertThat(e.getSuppressed())
                        .extracting(Throwable::getMessage)
                        .satisfiesExactly(
                                broken -> assertThat(broken).isEqualTo("broken did not stop: oh"),
                                stuck -> assertThat(stuck).startsWith("stuck did not stop within ")));
        assertThat(events).containsExactly("+store", "-store");
        never.countDown();
    }

    @Test
    void aStopInTheMiddleOfTheStartCleansUp() throws Exception {
        CountDownLatch starting = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        lifecycle.add(
                "slow",
                () -> {
                    starting.countDown();
                    goOn.await();
                },
                () -> events.add("-slow"));
        add("http");
        Thread stopper = new Thread(() -> lifecycle.stop(DEADLINE));
        Thread releaser = new Thread(() -> {
            stopper.start();
            while (stopper.getState() != Thread.State.TIMED_WAITING) {
                Thread.onSpinWait();
            }
            goOn.countDown();
        });
        Thread observer = new Thread(() -> {
            try {
                starting.await();
                releaser.start();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        observer.start();

        assertThatThrownBy(lifecycle::start).hasMessage("stopped while starting");
        stopper.join(60_000);
        assertThat(events).containsExactly("-slow");
        assertThat(lifecycle.state()).isEqualTo(Lifecycle.State.STOPPED);
    }

    private void add(String name) {
        lifecycle.add(name, () -> events.add("+" + name), () -> events.add("-" + name));
    }
}
