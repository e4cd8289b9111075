package io.foretell.reward;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.foretell.platform.Json;

/** Parts of rewards as configuration files have them. */
final class Parts {
    private static final ObjectMapper STRICT =
            Json.yaml().copy().enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES);

    private Parts() {}

    /** @param yaml such as <code>{kind: length, max: 9}</code> */
    static RewardPart part(String yaml) {
        try {
            return STRICT.readValue(yaml, RewardPart.class);
        } catch (JsonProcessingException e) {
            Throwable cause = e.getCause();
            throw new IllegalArgumentException(cause == null ? e.getOriginalMessage() : cause.getMessage(), e);
        }
    }
}
