package io.foretell.judge;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import io.foretell.judge.JudgeFailure.Kind;
import io.foretell.platform.Json;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The required format of a judge's answer, and its parser. Immutable. */
sealed interface AnswerFormat {
    /**
     * A parsed answer.
     *
     * @param score NaN if the role asks for text
     * @param parts the parts of the score, by name
     * @param text the judge's explanation, or the requested text
     */
    record ParsedAnswer(double score, Map<String, Double> parts, String text) {
        public ParsedAnswer {
            parts = Map.copyOf(parts);
        }
    }

    /** @throws JudgeFailure UNREADABLE with the reason, if the answer does not have this format */
    ParsedAnswer read(String answer);

    /** One sentence that tells the judge the expected format. */
    String expected();

    /** Whether the answer is text, without a score. */
    default boolean isText() {
        return false;
    }

    private static JudgeFailure unreadable(String reason) {
        return new JudgeFailure(Kind.UNREADABLE, reason);
    }

    /** The last line reads {@code WORD: LABEL}, and each label maps to a score; case is ignored. */
    record LastLine(String word, Map<String, Double> scores) implements AnswerFormat {
        public LastLine {
            scores = caseless(scores);
        }

        @Override
        public ParsedAnswer read(String answer) {
            String[] lines = answer.stripTrailing().split("\\R");
            String last = lines[lines.length - 1].strip();
            Matcher matcher = Pattern.compile(Pattern.quote(word) + "\\h*:\\h*(.+?)\\h*\\.?", Pattern.CASE_INSENSITIVE)
                    .matcher(last);
            Double score = matcher.matches() ? scores.get(matcher.group(1)) : null;
            if (score == null) {
                throw unreadable("its last line is '" + last + "' but must be " + expected());
            }
            return new ParsedAnswer(score, Map.of(), answer);
        }

        @Override
        public String expected() {
            return scores.keySet().stream()
                    .map(label -> "'" + word + ": " + label + "'")
                    .reduce((left, right) -> left + " or " + right)
                    .orElseThrow();
        }
    }

    /**
     * One JSON object that matches {@code schema}, optionally in a code fence or after a thought.
     *
     * @param field the member with the score: a label of {@code scores}, or an object of numbers, one for each of
     *     {@code weights}, from 0 to {@code highest}
     */
    record JsonObject(
            JsonNode schema, String field, Map<String, Double> scores, Map<String, Double> weights, double highest)
            implements AnswerFormat {
        private static final Pattern THOUGHT = Pattern.compile("(?s)^.*</think>");
        private static final Pattern FENCE = Pattern.compile("(?s)```(?:json)?\\s*(.*?)\\s*```");

        /** Loaded with the first answer: the factory makes a logger, and a configuration is read before logging is set up. */
        private static final class Schemas {
            static final JsonSchemaFactory FACTORY = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
        }

        public JsonObject {
            scores = caseless(scores);
            weights = Map.copyOf(weights);
        }

        @Override
        public ParsedAnswer read(String answer) {
            JsonNode json = parse(answer);
            JsonSchema validator = Schemas.FACTORY.getSchema(schema);
            @Nullable
            String wrong = validator.validate(json).stream()
                    .map(ValidationMessage::getMessage)
                    .findFirst()
                    .orElse(null);
            if (wrong != null) {
                throw unreadable("its JSON does not fit: " + wrong);
            }
            return weights.isEmpty() ? label(json.path(field), answer) : weighted(json.path(field), answer);
        }

        private static JsonNode parse(String answer) {
            String text = THOUGHT.matcher(answer).replaceFirst("").strip();
            Matcher fenced = FENCE.matcher(text);
            try {
                return Json.mapper().readTree(fenced.matches() ? fenced.group(1) : text);
            } catch (JsonProcessingException e) {
                throw unreadable("it is not one JSON object: " + e.getOriginalMessage());
            }
        }

        private ParsedAnswer label(JsonNode label, String answer) {
            Double score = scores.get(label.asText());
            if (score == null) {
                throw unreadable("its '" + field + "' is " + label + " but must be one of " + scores.keySet());
            }
            return new ParsedAnswer(score, Map.of(), answer);
        }

        private ParsedAnswer weighted(JsonNode grades, String answer) {
            Map<String, Double> parts = new HashMap<>();
            double sum = 0;
            double total = 0;
            for (Map.Entry<String, Double> criterion : weights.entrySet()) {
                JsonNode grade = grades.path(criterion.getKey());
                if (!grade.isNumber() || !(grade.doubleValue() >= 0 && grade.doubleValue() <= highest)) {
                    throw unreadable("its grade of " + criterion.getKey() + " is " + grade
                            + " but must be a number from 0" + " to " + highest);
                }
                double part = grade.doubleValue() / highest;
                parts.put(criterion.getKey(), part);
                sum += criterion.getValue() * part;
                total += criterion.getValue();
            }
            return new ParsedAnswer(sum / total, parts, answer);
        }

        @Override
        public String expected() {
            return "one JSON object of this schema, and nothing else: " + schema;
        }
    }

    /** Any non-empty answer. */
    record WholeText() implements AnswerFormat {
        @Override
        public ParsedAnswer read(String answer) {
            if (answer.isBlank()) {
                throw unreadable("it is empty");
            }
            return new ParsedAnswer(Double.NaN, Map.of(), answer.strip());
        }

        @Override
        public String expected() {
            return "some text";
        }

        @Override
        public boolean isText() {
            return true;
        }
    }

    /** A non-empty text between {@code <tag>} and {@code </tag>}, which occur once. */
    record TaggedText(String tag) implements AnswerFormat {
        @Override
        public ParsedAnswer read(String answer) {
            String open = "<" + tag + ">";
            String close = "</" + tag + ">";
            int from = answer.lastIndexOf(open);
            int to = answer.lastIndexOf(close);
            String text = from < 0 || to < from
                    ? ""
                    : answer.substring(from + open.length(), to).strip();
            if (text.isEmpty()) {
                throw unreadable("it has no text between " + open + " and " + close);
            }
            return new ParsedAnswer(Double.NaN, Map.of(), text);
        }

        @Override
        public String expected() {
            return "the text between <" + tag + "> and </" + tag + ">";
        }

        @Override
        public boolean isText() {
            return true;
        }
    }

    private static Map<String, Double> caseless(Map<String, Double> scores) {
        Map<String, Double> copy = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        copy.putAll(scores);
        return java.util.Collections.unmodifiableMap(copy);
    }
}
