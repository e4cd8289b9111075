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
                .hasMessageStartingWith("reward.judge." + sentence);
    }

    @Test
    void theKeyIsNeverWritten() {
        assertThat(new Builder().build().toString()).contains("http://").doesNotContain(JudgeFixtures.KEY);
    }

    @Test
    void anInvalidAddressIsRefused() {
        for (String address : List.of("localhost:8000/v1", "ftp://host/v1", "http://", "not an address")) {
            refused(builder -> builder.url = address, "base_url is '" + address + "' but must be an address");
        }
    }

    @Test
    void aSecondJudgeIsRefused() {
        assertThatThrownBy(() -> new JudgeSettings.Endpoint("http://h/v1", null, "m", "folder"))
                .hasMessage(
                        "reward.judge.policy is 'folder' but must be null where reward.judge.base_url is set: there is"
                                + " one judge");
    }

    @Test
    void aKeyThatIsNoHeaderIsRefusedButNotShown() {
        assertThatThrownBy(() -> new JudgeSettings.Endpoint("http://h/v1", "se\ncret", "m", null))
                .hasMessageStartingWith("reward.judge.api_key has a character")
                .hasMessageNotContaining("se\ncret");
    }

    @Test
    void impossibleLimitsAreRefused() {
        refused(builder -> builder.timeout = Duration.ZERO, "timeout is 0ms but must be above 0");
        refused(builder -> builder.maxAttempts = 0, "max_attempts is 0 but must be at least 1");
        refused(builder -> builder.maxConcurrent = 0, "max_concurrent is 0 but must be at least 1");
        refused(builder -> builder.maxRpm = 0, "max_rpm is 0 but must be at least 1, or null");
        refused(builder -> builder.maxSpentTokens = -1L, "max_spent_tokens is -1 but must be 0 or more, or null");
        refused(builder -> builder.samples = 3, "samples is 3 but must be 1 where reward.judge.temperature is 0");
        refused(
                builder -> builder.maxBackoff = Duration.ofMillis(1),
                "max_backoff is 1ms but must be no shorter than reward.judge.backoff_base");
    }
}
