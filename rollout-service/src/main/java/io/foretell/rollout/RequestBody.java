package io.foretell.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Members of a request's JSON object, each checked when it is read; null counts as absent. Unsupported keys that would
 * change the result are rejected by name, never ignored. Immutable.
 */
record RequestBody(JsonNode body) {
    RequestBody {
        if (!body.isObject()) {
            throw invalid("the body must be a JSON object");
        }
    }

    static ForetellException invalid(String sentence) {
        return new ForetellException(ErrorCode.INVALID_REQUEST, sentence);
    }

    /** Rejects keys that are not {@code known}, unless their value has no effect. */
    void requireKnown(Set<String> known) {
        body.properties().forEach(member -> {
            String key = member.getKey();
            if (!known.contains(key) && !changesNothing(key, member.getValue())) {
                throw invalid("'" + key + "' is not supported by this server; leave it out");
            }
        });
    }

    /** Values that have no effect; client libraries may always send them. */
    private static boolean changesNothing(String key, JsonNode value) {
        return value.isNull()
                || switch (key) {
                    case "best_of", "repetition_penalty", "length_penalty" -> is(value, 1);
                    case "presence_penalty", "frequency_penalty", "top_logprobs", "priority" -> is(value, 0);
                    case "stream",
                            "echo",
                            "use_beam_search",
                            "skip_special_tokens",
                            "include_stop_str_in_output",
                            "continue_final_message",
                            "store" -> isFalse(value);
                    case "response_format" -> value.path("type").asText().equals("text");
                    case "logit_bias" -> value.isObject() && value.isEmpty();
                    default -> false;
                };
    }

    private static boolean is(JsonNode value, double number) {
        return value.isNumber() && value.doubleValue() == number;
    }

    private static boolean isFalse(JsonNode value) {
        return value.isBoolean() && !value.booleanValue();
    }

    boolean has(String key) {
        return body.hasNonNull(key);
    }

    JsonNode get(String key) {
        return body.path(key);
    }

    int integer(String key, int otherwise, int least, int most) {
        if (!has(key)) {
            return otherwise;
        }
        JsonNode value = get(key);
        if (!value.isInt() || value.intValue() < least || value.intValue() > most) {
            throw invalid("'" + key + "' is " + value + " but must be a whole number from " + least + " to " + most);
        }
        return value.intValue();
    }

    float number(String key, float otherwise, double least, double most) {
        if (!has(key)) {
            return otherwise;
        }
        JsonNode value = get(key);
        if (!value.isNumber() || !(value.doubleValue() >= least) || value.doubleValue() > most) {
            throw invalid(
                    "'" + key + "' is " + value + " but must be a number from " + plain(least) + " to " + plain(most));
        }
        return value.floatValue();
    }

    private static String plain(double number) {
        return number == Math.rint(number) ? String.valueOf((long) number) : String.valueOf(number);
    }

    boolean flag(String key, boolean otherwise) {
        if (!has(key)) {
            return otherwise;
        }
        if (!get(key).isBoolean()) {
            throw invalid("'" + key + "' is " + get(key) + " but must be true or false");
        }
        return get(key).booleanValue();
    }

    /** {@code seed}; null if absent. */
    @Nullable
    Long seed() {
        JsonNode value = get("seed");
        if (!has("seed")) {
            return null;
        }
        if (!value.isIntegralNumber() || !value.canConvertToLong()) {
            throw invalid("'seed' is " + value + " but must be a whole number of at most 64 bits");
        }
        return value.longValue();
    }

    /** {@code seed}, or a random one for this request. */
    long seedOrAny() {
        Long seed = seed();
        return seed == null ? new SplittableRandom().nextLong() : seed;
    }

    /** A string or a list of strings, none empty. */
    List<String> texts(String key, int most) {
        List<String> texts = new ArrayList<>();
        if (has(key)) {
            JsonNode value = get(key);
            for (JsonNode each : value.isArray() ? value : List.of(value)) {
                if (!each.isTextual() || each.textValue().isEmpty()) {
                    throw invalid("'" + key + "' must be a text or a list of texts, none of them empty, not " + value);
                }
                texts.add(each.textValue());
            }
        }
        if (texts.size() > most) {
            throw invalid("'" + key + "' has " + texts.size() + " texts; the most is " + most);
        }
        return texts;
    }
}
