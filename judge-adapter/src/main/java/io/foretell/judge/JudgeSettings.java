package io.foretell.judge;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code reward.judge} of the configuration.
 *
 * @param baseUrl of the endpoint, up to and including {@code /v1}; null for no judge
 * @param apiKey sent as a bearer token; null for none
 * @param model as the endpoint names it
 * @param timeout of one call
 * @param maxAttempts calls until a verdict is given up; only transport faults and 5xx or 429 are tried again
 * @param maxConcurrent calls in flight
 * @param prompts per role, the text put before the material
 */
public record JudgeSettings(
        @Nullable String baseUrl,
        @Nullable String apiKey,
        String model,
        Duration timeout,
        int maxAttempts,
        int maxConcurrent,
        Map<String, String> prompts) {
    public JudgeSettings {
        prompts = Map.copyOf(prompts);
        if (baseUrl != null && !isHttp(baseUrl)) {
            throw new IllegalArgumentException("reward.judge.base_url is '" + baseUrl
                    + "' but must be an address such as http://localhost:8000/v1");
        }
        if (apiKey != null && !apiKey.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new IllegalArgumentException(
                    "reward.judge.api_key has a character that a header cannot carry, such as a line break");
        }
        if (timeout.isNegative() || timeout.isZero() || maxAttempts < 1 || maxConcurrent < 1) {
            throw new IllegalArgumentException("reward.judge needs a timeout above 0 and at least one attempt and one"
                    + " concurrent call, but has " + timeout + ", " + maxAttempts + " and " + maxConcurrent);
        }
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
        return "JudgeSettings[baseUrl=" + baseUrl + ", model=" + model + "]";
    }
}
