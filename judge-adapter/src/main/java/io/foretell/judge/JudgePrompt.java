package io.foretell.judge;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The question and the answer format of a role. Immutable.
 *
 * @param version changes with the question; stored with every verdict
 * @param inputs the placeholders of the text
 * @param pair the two inputs to compare; empty for roles that judge one text
 */
record JudgePrompt(String role, int version, List<String> inputs, List<String> pair, String text, AnswerFormat answer) {
    private static final Pattern PLACE = Pattern.compile("\\{([a-z_]+)}");

    /** A prompt file as read. */
    record Source(
            String role,
            int version,
            List<String> inputs,
            @Nullable List<String> pair,
            AnswerSource answer,
            String prompt) {
        JudgePrompt prompt(String file) {
            try {
                return new JudgePrompt(role, version, inputs, pair == null ? List.of() : pair, prompt, answer.form());
            } catch (RuntimeException e) {
                throw new IllegalArgumentException(file + ": " + e.getMessage(), e);
            }
        }
    }

    /** An answer format: a {@code line}, a {@code schema}, a {@code tag}, or the {@code whole} answer. */
    record AnswerSource(
            @Nullable Boolean whole,
            @Nullable String line,
            @Nullable JsonNode schema,
            @Nullable String tag,
            @Nullable String field,
            @Nullable Map<String, Double> scores,
            @Nullable Map<String, Double> weights,
            @Nullable Double highest) {
        AnswerFormat form() {
            Map<String, Double> labels = scores == null ? Map.of() : scores;
            Map<String, Double> criteria = weights == null ? Map.of() : weights;
            if (Boolean.TRUE.equals(whole)) {
                return new AnswerFormat.WholeText();
            }
            if (tag != null) {
                return new AnswerFormat.TaggedText(tag);
            }
            if (line != null && !labels.isEmpty()) {
                return new AnswerFormat.LastLine(line, labels);
            }
            if (schema == null || field == null || labels.isEmpty() == criteria.isEmpty()) {
                throw new IllegalArgumentException("answer needs a line with its scores, a schema with a field and"
                        + " either scores or weights, a tag, or to be whole");
            }
            return new AnswerFormat.JsonObject(schema, field, labels, criteria, highest == null ? 1 : highest);
        }
    }

    JudgePrompt {
        inputs = List.copyOf(inputs);
        pair = List.copyOf(pair);
        if (!pair.isEmpty() && (pair.size() != 2 || !inputs.containsAll(pair))) {
            throw new IllegalArgumentException("pair is " + pair + " but must name two of the inputs " + inputs);
        }
        for (String input : inputs) {
            if (!text.contains("{" + input + "}")) {
                throw new IllegalArgumentException("the prompt has no place {" + input + "}");
            }
        }
    }

    boolean isPair() {
        return !pair.isEmpty();
    }

    /** Whether it asks for text, without a score. */
    boolean isText() {
        return answer.isText();
    }

    /** The question about this material; braces in the material are left unchanged. */
    String question(Map<String, String> material) {
        if (!material.keySet().equals(Set.copyOf(inputs))) {
            throw new IllegalArgumentException("the judge's role '" + role + "' needs " + inputs + " but was given "
                    + new TreeMap<>(material).keySet());
        }
        return PLACE.matcher(text)
                .replaceAll(place -> Matcher.quoteReplacement(material.getOrDefault(place.group(1), place.group())));
    }

    /** The material with the two texts of the pair swapped. */
    Map<String, String> swapped(Map<String, String> material) {
        Map<String, String> other = new TreeMap<>(material);
        other.put(pair.get(0), material.getOrDefault(pair.get(1), ""));
        other.put(pair.get(1), material.getOrDefault(pair.get(0), ""));
        return other;
    }
}
