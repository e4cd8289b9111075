package io.foretell.judge;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.foretell.platform.Check;
import java.net.URI;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code reward.judge} of the configuration. The groups exist only in code: the file has all keys on one level.
 * There is no judge unless {@code base_url} or {@code policy} is set. Immutable; never prints its key.
 *
 * @param endpoint the judge model
 * @param answers how it is asked
 * @param retry how failed calls are handled
 * @param limits limits on calls and tokens
 */
public record JudgeSettings(
        @JsonUnwrapped Endpoint endpoint,
        @JsonUnwrapped Answers answers,
        @JsonUnwrapped Retry retry,
        @JsonUnwrapped Limits limits) {
    private static final String SECTION = "reward.judge.";

    /**
     * The judge model.
     *
     * @param baseUrl URL of the endpoint, up to and including {@code /v1}
     * @param apiKey sent as a bearer token; null for none
     * @param model name of the model at the endpoint
     * @param policy a Hugging Face folder that judges in this process instead
     */
    public record Endpoint(
            @Nullable String baseUrl,
            @Nullable String apiKey,
            String model,
            @Nullable String policy) {
        public Endpoint {
            Check.that(
                    SECTION + "base_url",
                    baseUrl,
                    baseUrl == null || isHttp(baseUrl),
                    "an address such as http://localhost:8000/v1, or null");
            Check.that(
                    SECTION + "policy",
                    policy,
                    baseUrl == null || policy == null,
                    "null where reward.judge.base_url is set: there is one judge");
            if (apiKey != null && !apiKey.chars().allMatch(c -> c > ' ' && c < 127)) {
                throw new IllegalArgumentException(
                        SECTION + "api_key has a character that an HTTP header cannot carry, such as a line break");
            }
        }

        @Override
        public String toString() {
            return "Endpoint[baseUrl=" + baseUrl + ", model=" + model + ", policy=" + policy + "]";
        }
    }

    /**
     * How the judge is asked.
     *
     * @param prompts a folder with one file per role; null for the built-in prompts
     * @param samples answers per question; their scores are averaged
     * @param temperature above 0 if there are several samples
     * @param topP nucleus sampling
     * @param maxTokens maximum tokens of an answer
     * @param swapOrder whether pairs are shown in both orders
     * @param cache whether verdicts are kept on disk
     */
    public record Answers(
            @Nullable String prompts,
            int samples,
            float temperature,
            float topP,
            int maxTokens,
            boolean swapOrder,
            boolean cache) {
        public Answers {
            Check.that(SECTION + "samples", samples, samples >= 1, "at least 1");
            boolean isTemperature = temperature >= 0 && Float.isFinite(temperature);
            Check.that(SECTION + "temperature", temperature, isTemperature, "0 or more");
            Check.that(
                    SECTION + "samples",
                    samples,
                    samples == 1 || temperature > 0,
                    "1 where reward.judge.temperature is 0, because all answers would be the same");
            Check.that(SECTION + "top_p", topP, topP > 0 && topP <= 1, "above 0 and at most 1");
            Check.that(SECTION + "max_tokens", maxTokens, maxTokens >= 1, "at least 1");
        }
    }

    /**
     * How failed calls are handled.
     *
     * @param timeout timeout of one call
     * @param maxAttempts maximum calls per answer; only transient failures are retried
     * @param backoffBase wait before the second attempt; doubles with each further one
     * @param maxBackoff maximum wait between two attempts, whatever the judge requests
     * @param circuit circuit breaker for a failing judge
     */
    public record Retry(Duration timeout, int maxAttempts, Duration backoffBase, Duration maxBackoff, Circuit circuit) {
        public Retry {
            Check.that(SECTION + "timeout", timeout, isPositive(timeout), "above 0");
            Check.that(SECTION + "max_attempts", maxAttempts, maxAttempts >= 1, "at least 1");
            Check.that(SECTION + "backoff_base", backoffBase, isPositive(backoffBase), "above 0");
            Check.that(
                    SECTION + "max_backoff",
                    maxBackoff,
                    maxBackoff.compareTo(backoffBase) >= 0,
                    "no shorter than reward.judge.backoff_base");
        }
    }

    /**
     * Section {@code reward.judge.circuit}: a circuit breaker.
     *
     * @param calls number of latest calls it looks at
     * @param failureRate share of failed calls that opens the circuit, above 0 and at most 1
     * @param pause how long the circuit stays open
     */
    public record Circuit(int calls, double failureRate, Duration pause) {
        public Circuit {
            Check.that(SECTION + "circuit.calls", calls, calls >= 1, "at least 1");
            boolean isShare = failureRate > 0 && failureRate <= 1;
            Check.that(SECTION + "circuit.failure_rate", failureRate, isShare, "above 0 and at most 1");
            Check.that(SECTION + "circuit.pause", pause, isPositive(pause), "above 0");
        }
    }

    /**
     * Limits on calls and tokens.
     *
     * @param maxConcurrent calls in flight; the others queue
     * @param maxRpm requests per minute; null for no limit
     * @param maxTpm tokens per minute, read and written; null for no limit
     * @param maxSpentTokens maximum tokens over the whole run; null for no limit
     */
    public record Limits(
            int maxConcurrent,
            @Nullable Integer maxRpm,
            @Nullable Integer maxTpm,
            @Nullable Long maxSpentTokens) {
        public Limits {
            Check.that(SECTION + "max_concurrent", maxConcurrent, maxConcurrent >= 1, "at least 1");
            Check.that(SECTION + "max_rpm", maxRpm, maxRpm == null || maxRpm >= 1, "at least 1, or null");
            Check.that(SECTION + "max_tpm", maxTpm, maxTpm == null || maxTpm >= 1, "at least 1, or null");
            boolean isBudget = maxSpentTokens == null || maxSpentTokens >= 0;
            Check.that(SECTION + "max_spent_tokens", maxSpentTokens, isBudget, "0 or more, or null");
        }
    }

    /** Whether a judge is configured. */
    public boolean isConfigured() {
        return endpoint.baseUrl() != null || endpoint.policy() != null;
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
}
