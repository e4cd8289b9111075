package io.foretell.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class RetryUntilTest {
    private final FakeTime time = new FakeTime();
    private final RetryUntil retry =
            new RetryUntil(time, Duration.ofSeconds(10), Duration.ofSeconds(1), Duration.ofSeconds(3));
    private int attempts;

    private String failing(int times) throws IOException {
        attempts++;
        if (attempts <= times) {
            throw new IOException("failure " + attempts);
        }
        return "done";
    }

    @Test
    void aTransientFailureIsRetriedWithPausesThatDoubleUpToTheLimit() throws IOException {
        assertThat(retry.call("reading", () -> failing(4), IOException.class::isInstance))
                .isEqualTo("done");

        assertThat(time.pauses())
                .containsExactly(
                        Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(3), Duration.ofSeconds(3));
    }

    @Test
    void theLastFailureIsThrownWhenTheDeadlineComesBeforeTheNextAttempt() {
        assertThatThrownBy(() -> retry.call("reading", () -> failing(9), IOException.class::isInstance))
                .isInstanceOf(IOException.class)
                .hasMessage("failure 5");

        assertThat(time.nanos()).isEqualTo(Duration.ofSeconds(9).toNanos());
    }

    @Test
    void aLastingFailureIsThrownAtOnce() {
        assertThatThrownBy(() -> retry.call("reading", () -> failing(1), e -> false))
                .hasMessage("failure 1");

        assertThat(time.pauses()).isEmpty();
    }

    @Test
    void aSuccessStartsTheDeadlineAndThePausesAgain() throws InterruptedException {
        assertThat(retry.awaitNext()).isTrue();
        assertThat(retry.awaitNext()).isTrue();
        time.advance(Duration.ofSeconds(6));
        retry.succeeded();

        assertThat(retry.awaitNext()).isTrue();
        assertThat(time.pauses()).endsWith(Duration.ofSeconds(1));
        time.advance(Duration.ofSeconds(7));
        assertThat(retry.awaitNext()).isFalse();
    }

    @Test
    void anInterruptEndsTheRetries() {
        Time interrupted = new Time() {
            @Override
            public Instant instant() {
                return time.instant();
            }

            @Override
            public long nanos() {
                return time.nanos();
            }

            @Override
            public void sleep(Duration pause) throws InterruptedException {
                throw new InterruptedException();
            }
        };
        RetryUntil sleeper =
                new RetryUntil(interrupted, Duration.ofSeconds(10), Duration.ofSeconds(1), Duration.ofSeconds(1));

        assertThatThrownBy(() -> sleeper.call("reading", () -> failing(1), IOException.class::isInstance))
                .isInstanceOf(ForetellException.class)
                .hasMessage("interrupted while retrying reading");
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void aDeadlineSaysHowMuchIsLeftAndPassesOnTime() {
        Deadline deadline = time.deadline(Duration.ofSeconds(2));

        time.advance(Duration.ofMillis(1500));
        assertThat(deadline.left()).isEqualTo(Duration.ofMillis(500));
        assertThat(deadline.hasPassed()).isFalse();
        time.advance(Duration.ofMillis(500));
        assertThat(deadline.left()).isZero();
        assertThat(deadline.hasPassed()).isTrue();
    }
}
