package io.foretell.huggingface;

import com.fasterxml.jackson.databind.JsonNode;

/** Values of a {@code config.json}; a value of another type is a {@link PolicyException} that names its key. */
final class ConfigNumbers {
    private ConfigNumbers() {}

    static int integer(JsonNode json, String key) {
        if (!json.path(key).isInt()) {
            throw new PolicyException("'" + key + "' is missing or not a whole number");
        }
        return json.path(key).asInt();
    }

    /** @param absent value if the key is missing or null */
    static int integer(JsonNode json, String key, int absent) {
        return isAbsent(json, key) ? absent : integer(json, key);
    }

    static double decimal(JsonNode json, String key) {
        if (!json.path(key).isNumber()) {
            throw new PolicyException("'" + key + "' is missing or not a number");
        }
        return json.path(key).asDouble();
    }

    static double decimal(JsonNode json, String key, double absent) {
        return isAbsent(json, key) ? absent : decimal(json, key);
    }

    static boolean flag(JsonNode json, String key, boolean absent) {
        if (!isAbsent(json, key) && !json.path(key).isBoolean()) {
            throw new PolicyException("'" + key + "' is not true or false");
        }
        return json.path(key).asBoolean(absent);
    }

    static boolean isAbsent(JsonNode json, String key) {
        return json.path(key).isMissingNode() || json.path(key).isNull();
    }
}
