package io.foretell.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WatchdogTest {
    private final FakeClock clock = new FakeClock();
    private final List<String> reports = new CopyOnWriteArrayList<>();
    private final Watchdog watchdog = new Watchdog(Duration.ofSeconds(60), clock, reports::add);

    private static final class FakeClock implements InstantSource {
        private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

        @Override
        public Instant instant() {
            return now;
        }

        private void advance(long seconds) {
            now = now.plusSeconds(seconds);
        }
    }

    @AfterEach
    void close() {
        watchdog.close();
    }

    @Test
    void aStandstillIsReportedOncePerLimit() {
        watchdog.waitingFor("learner", "scored groups of phase rlp (11 of 64)");
        after(59);
        assertThat(reports).isEmpty();

        watchdog.waitingFor("learner", "scored groups of phase rlp (12 of 64)");
        after(1);
        after(59);
        assertThat(reports)
                .containsExactly("no progress for 60 s: learner waits for scored groups of phase rlp (12 of 64)");

        after(1);
        assertThat(reports).hasSize(2).last().asString().startsWith("no progress for 120 s: learner waits");
    }

    @Test
    void progressStartsTheClockAnew() {
        watchdog.waitingFor("learner", "groups");
        after(50);
        watchdog.progress("learner");
        after(50);
        assertThat(reports).isEmpty();

        after(10);
        assertThat(reports).containsExactly("no progress for 60 s: learner is busy and waits for nothing");
    }

    @Test
    void whoIsDoneIsNotWatched() {
        watchdog.waitingFor("learner", "groups");
        watchdog.done("learner");
        after(100);

        assertThat(reports).isEmpty();
    }

    private void after(long seconds) {
        clock.advance(seconds);
        watchdog.look();
    }
}
