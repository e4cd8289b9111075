package io.foretell.judge;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Settings of small judges. */
final class JudgeFixtures {
    static final String KEY = "sk-never-to-be-seen";

    private JudgeFixtures() {}

    /** Settings under construction: patient with one answer, quick between attempts. */
    static final class Builder {
        String url = "http://127.0.0.1:9/v1";
        int samples = 1;
        float temperature;
        boolean swapOrder = true;
        Duration timeout = Duration.ofSeconds(60);
        int maxAttempts = 3;
        Duration maxBackoff = Duration.ofMillis(20);
        JudgeSettings.Circuit circuit = new JudgeSettings.Circuit(20, 1, Duration.ofMillis(50));
        int maxConcurrent = 4;

        @Nullable
        Integer maxRpm;

        @Nullable
        Integer maxTpm;

        @Nullable
        Long maxSpentTokens;

        @Nullable
        String prompts;

        int maxTokens = 64;

        JudgeSettings build() {
            return new JudgeSettings(
                    new JudgeSettings.Endpoint(url, KEY, "grader", null),
                    new JudgeSettings.Answers(prompts, samples, temperature, 1, maxTokens, swapOrder, true),
                    new JudgeSettings.Retry(timeout, maxAttempts, Duration.ofMillis(10), maxBackoff, circuit),
                    new JudgeSettings.Limits(maxConcurrent, maxRpm, maxTpm, maxSpentTokens));
        }
    }
}
