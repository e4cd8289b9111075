package io.foretell.platform;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Time that passes only by {@link #advance} and by sleeping. */
final class FakeTime implements Time {
    private final List<Duration> pauses = new ArrayList<>();
    private Duration passed = Duration.ZERO;

    void advance(Duration by) {
        passed = passed.plus(by);
    }

    /** How long each call slept. */
    List<Duration> pauses() {
        return pauses;
    }

    @Override
    public Instant instant() {
        return Instant.EPOCH.plus(passed);
    }

    @Override
    public long nanos() {
        return passed.toNanos();
    }

    @Override
    public void sleep(Duration pause) {
        pauses.add(pause);
        advance(pause);
    }
}
