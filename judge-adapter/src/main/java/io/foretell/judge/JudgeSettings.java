package io.foretell.judge;

import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code reward.judge} of the configuration. There is no judge unless {@code baseUrl} or {@code policy} is given.
 *
 * @param baseUrl of the endpoint, up to and including {@code /v1}
 * @param apiKey sent as a bearer token; null for none
 * @param model as the endpoint names it
 * @param policy a Hugging Face folder that judges in this process instead
 * @param prompts a folder with one file per role; null for those that Foretell brings
 * @param samples answers per question, whose scores are averaged
 * @param temperature above 0 where there are several samples
 * @param maxTokens most tokens of an answer
 * @param swapOrder whether pairs are shown in both orders
 * @param timeout of one call
 * @param maxAttempts calls until a verdict is given up; only what may pass is tried again
 * @param backoffBase before the second attempt; doubles with every further one
 * @param maxBackoff most time between two attempts, whatever the judge asks for
 * @param circuit when a failing judge is left alone
 * @param maxConcurrent calls in flight; the others queue
 * @param maxRpm requests per minute; null for no limit
 * @param maxTpm tokens per minute, read and written; null for no limit
 * @param maxSpentTokens most tokens in the run's life; null for no limit
 * @param cache whether verdicts are kept on disk
 */
public record JudgeSettings(
        @Nullable String baseUrl,
        @Nullable String apiKey,
        String model,
        @Nullable String policy,
        @Nullable String prompts,
        int samples,
        float temperature,
        float topP,
        int maxTokens,
        boolean swapOrder,
        Duration timeout,
        int maxAttempts,
        Duration backoffBase,
        Duration maxBackoff,
        Circuit circuit,
        int maxConcurrent,
        @Nullable Integer maxRpm,
        @Nullable Integer maxTpm,
        @Nullable Long maxSpentTokens,
        boolean cache) {

    /**
     * @param calls the latest calls that are looked at
     * @param failureRate share of them that failed and opens the circuit, above 0 and at most 1
     * @param pause how long the judge is left alone then
     */
    public record Circuit(int calls, double failureRate, Duration pause) {
        public Circuit {
            require(
                    calls >= 1 && failureRate > 0 && failureRate <= 1 && isPositive(pause),
                    "circuit needs calls of at least 1, a failure_rate above 0 and at most 1 and a pause above 0, but has "
                            + calls + ", " + failureRate + " and " + pause);
        }
    }

    public JudgeSettings {
        require(
                baseUrl == null || isHttp(baseUrl),
                "base_url is '" + baseUrl + "' but must be an address such as http://localhost:8000/v1");
        require(baseUrl == null || policy == null, "base_url and policy are both given, and the judge is one of them");
        require(
                apiKey == null || apiKey.chars().allMatch(c -> c > ' ' && c < 127),
                "api_key has a character that a header cannot carry, such as a line break");
        require(samples >= 1 && maxTokens >= 1, "samples and max_tokens must be at least 1");
        require(
                temperature >= 0 && Float.isFinite(temperature) && topP > 0 && topP <= 1,
                "temperature must be 0 or above and top_p above 0 and at most 1");
        require(
                samples == 1 || temperature > 0,
                "samples is " + samples + " but temperature is 0: all answers would be the same");
        require(
                isPositive(timeout) && maxAttempts >= 1 && maxConcurrent >= 1,
                "timeout must be above 0, max_attempts and max_concurrent at least 1, but they are " + timeout + ", "
                        + maxAttempts + " and " + maxConcurrent);
        require(
                isPositive(backoffBase) && maxBackoff.compareTo(backoffBase) >= 0,
                "backoff_base must be above 0 and max_backoff no shorter");
        require(
                (maxRpm == null || maxRpm >= 1) && (maxTpm == null || maxTpm >= 1),
                "max_rpm and max_tpm must be at least 1, or null");
        require(maxSpentTokens == null || maxSpentTokens >= 0, "max_spent_tokens must not be negative");
    }

    /** Whether there is a judge at all. */
    public boolean isConfigured() {
        return baseUrl != null || policy != null;
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new IllegalArgumentException("reward.judge." + otherwise);
        }
    }

    private static boolean isPositive(Duration duration) {
        return !duration.isNegative() && !duration.isZero();
    }

    private static boolean isHttp(String address) {
        try {
            URI uri = URI.create(address);
            return uri.getHost() != null && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    @Override
    public String toString() {
        return "JudgeSettings[baseUrl=" + baseUrl + ", model=" + model + ", policy=" + policy + "]";
    }
}
