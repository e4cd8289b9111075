package io.foretell.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClockGuardTest {
    private final List<String> warned = new ArrayList<>();
    private final List<String> ended = new ArrayList<>();
    private Instant steady = Instant.parse("2026-01-01T00:00:00Z");
    private Instant system = steady;

    @Test
    void aLongStepBackEndsTheProcessAndAShortOneIsTold() {
        try (ClockGuard guard = new ClockGuard(() -> system, () -> steady, warned::add, ended::add)) {
            pass(guard, Duration.ZERO);
            pass(guard, Duration.ofHours(2));
            pass(guard, Duration.ofMillis(-900));
            assertThat(warned).isEmpty();
            pass(guard, Duration.ofSeconds(-20));
            assertThat(warned).singleElement().asString().contains("set back by 20 s");
            assertThat(ended).isEmpty();
            pass(guard, Duration.ofHours(-1));
            assertThat(ended).singleElement().asString().contains("set back by 3600 s", "start it again");
            pass(guard, Duration.ZERO);
            assertThat(ended).hasSize(1);
        }
    }

    /** A second passes, and the system's clock is set by so much. */
    private void pass(ClockGuard guard, Duration step) {
        synchronized (guard) { // which looks by itself, too
            steady = steady.plusSeconds(1);
            system = system.plusSeconds(1).plus(step);
            guard.look();
        }
    }
}
