package io.foretell.platform;

import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonMappingException.Reference;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.ValueInstantiationException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Turns Jackson's exceptions into one sentence: key, value and expectation. Pure functions. */
final class MappingSentence {
    private MappingSentence() {}

    /** The sentence for a JSON body. */
    static String sentence(JsonMappingException e) {
        Optional<String> own = ofConstructor(e);
        if (own.isPresent()) {
            return own.get();
        }
        String key = key(e);
        String subject = key.isEmpty() ? "the body" : "'" + key + "'";
        if (e instanceof ValueInstantiationException) {
            return subject + " lacks a required member";
        }
        return e instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null
                ? subject + " must be " + expected(mismatch.getTargetType())
                : subject + " cannot be read: "
                        + e.getOriginalMessage().lines().findFirst().orElse("");
    }

    /** The message of a record's constructor, if the constructor rejected the value. */
    static Optional<String> ofConstructor(JsonMappingException e) {
        boolean said = e instanceof ValueInstantiationException || e.getCause() instanceof RuntimeException;
        Throwable cause = e.getCause();
        if (!said || cause == null || cause instanceof JsonMappingException) {
            return Optional.empty();
        }
        return Optional.ofNullable(cause.getMessage()).filter(sentence -> !isFromJava(cause, sentence));
    }

    /* Java's own null messages describe code; messages of requireNonNull are written for users. */
    private static boolean isFromJava(Throwable cause, String sentence) {
        return cause instanceof NullPointerException && sentence.startsWith("Cannot ");
    }

    /** The dotted key, such as {@code phases[0].steps}; empty for the root. */
    static String key(JsonMappingException e) {
        StringBuilder key = new StringBuilder();
        for (Reference step : e.getPath()) {
            if (step.getFieldName() == null) {
                key.append('[').append(step.getIndex()).append(']');
            } else {
                key.append(key.isEmpty() ? "" : ".").append(step.getFieldName());
            }
        }
        return key.toString();
    }

    /** The expected form of this type, in words. */
    static String expected(@Nullable Class<?> type) {
        if (type == null) {
            return "of another type";
        }
        if (type == int.class || type == Integer.class || type == long.class || type == Long.class) {
            return "a whole number";
        }
        if (type == boolean.class || type == Boolean.class) {
            return "true or false";
        }
        if (type.isPrimitive() || Number.class.isAssignableFrom(type)) {
            return "a number";
        }
        if (type == Duration.class) {
            return "a duration such as 30s or 500ms";
        }
        if (type == DataSize.class) {
            return "a size such as 512MiB or 8GiB";
        }
        if (type.isEnum()) {
            return Arrays.stream(type.getEnumConstants())
                    .map(each -> each.toString().toLowerCase(Locale.ROOT))
                    .collect(Collectors.joining(", ", "one of ", ""));
        }
        if (Collection.class.isAssignableFrom(type) || type.isArray()) {
            return "a list";
        }
        return Map.class.isAssignableFrom(type) || type.isRecord() ? "a map of keys" : "a text";
    }
}
