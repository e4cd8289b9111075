package io.foretell.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.judge.JudgeFixtures.Builder;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class JudgeSettingsTest {
    private static void refused(Consumer<Builder> change, String sentence) {
        Builder builder = new Builder();
        change.accept(builder);
        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("reward.judge.")
                .hasMessageContaining(sentence);
    }

    @Test
    void theKeyIsNeverWritten() {
        assertThat(new Builder().build().toString()).contains("http://").doesNotContain(JudgeFixtures.KEY);
    }

    @Test
    void anAddressThatIsNoneIsRefused() {
        for (String address : List.of("localhost:8000/v1", "ftp://host/v1", "http://", "not an address")) {
            refused(builder -> builder.url = address, "base_url is '" + address + "' but must be an address");
        }
    }

    @Test
    void limitsThatCannotBeAreRefused() {
        refused(builder -> builder.timeout = Duration.ZERO, "timeout must be above 0");
        refused(builder -> builder.maxAttempts = 0, "max_attempts");
        refused(builder -> builder.maxConcurrent = 0, "max_concurrent");
        refused(builder -> builder.maxRpm = 0, "max_rpm");
        refused(builder -> builder.maxSpentTokens = -1L, "max_spent_tokens");
        refused(builder -> builder.samples = 3, "temperature is 0");
        refused(builder -> builder.maxBackoff = Duration.ofMillis(1), "max_backoff no shorter");
    }
}
