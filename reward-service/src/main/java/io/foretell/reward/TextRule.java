package io.foretell.reward;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A rule-based score of a response, from 0 to 1. Each record here is one {@code kind} of reward part: the annotation
 * gives its name, its components are the keys, and its constructor rejects invalid values. Immutable; pure functions.
 */
sealed interface TextRule extends RewardKind {
    /**
     * A response and its background.
     *
     * @param reference the text that really follows the prompt; empty if unknown
     */
    record Text(String prompt, String response, String reference) {
        private static final String CONTEXT = "context";
        private static final String REFERENCE = "reference";

        /** Names of the background placeholders in a judge's prompt. */
        static final List<String> PLACES = List.of(CONTEXT, REFERENCE);

        /** The background, by placeholder. */
        Map<String, String> background() {
            return Map.of(CONTEXT, prompt, REFERENCE, reference);
        }

        /** A response with its background from {@code material}; missing entries are empty. */
        static Text of(Map<String, String> material, String response) {
            return new Text(material.getOrDefault(CONTEXT, ""), response, material.getOrDefault(REFERENCE, ""));
        }
    }

    double score(Text text);

    private static String[] words(String text) {
        String stripped = text.strip();
        return stripped.isEmpty() ? new String[0] : stripped.split("\\s+");
    }

    /** 1 if response and reference are equal up to white space. */
    @JsonTypeName("exact_match")
    record ExactMatch() implements TextRule {
        @Override
        public double score(Text text) {
            return Arrays.equals(words(text.response()), words(text.reference())) ? 1 : 0;
        }
    }

    /** 1 if the pattern matches anywhere in the response. */
    @JsonTypeName("regex")
    record Regex(Pattern pattern) implements TextRule {
        @JsonCreator
        static Regex of(@JsonProperty("pattern") @Nullable String pattern) {
            try {
                return new Regex(Pattern.compile(RewardKind.given("regex", "pattern", pattern)));
            } catch (PatternSyntaxException e) {
                throw new IllegalArgumentException(
                        "reward.rewards: '" + pattern + "' is not a regular expression: " + e.getDescription(), e);
            }
        }

        @Override
        public double score(Text text) {
            return pattern.matcher(text.response()).find() ? 1 : 0;
        }
    }

    /** 1 from {@code min} to {@code max} words; words/min below, max/words above. Either bound is optional. */
    @JsonTypeName("length")
    record Length(int min, int max) implements TextRule {
        @JsonCreator
        static Length of(@JsonProperty("min") @Nullable Integer min, @JsonProperty("max") @Nullable Integer max) {
            return new Length(min == null ? 0 : min, max == null ? Integer.MAX_VALUE : max);
        }

        public Length {
            if (min < 0 || max < Math.max(1, min)) {
                throw new IllegalArgumentException(
                        "reward.rewards: a length goes from min to max words, not from " + min + " to " + max);
            }
        }

        @Override
        public double score(Text text) {
            int length = words(text.response()).length;
            if (length < min) {
                return (double) length / min;
            }
            return length > max ? (double) max / length : 1;
        }
    }

    /**
     * The probability that the response is in this language.
     *
     * @param language an ISO 639 code such as en
     */
    @JsonTypeName("language")
    record Language(String language) implements TextRule {
        public Language {
            if (!Languages.KNOWN.contains(RewardKind.given("language", "language", language))) {
                throw new IllegalArgumentException(
                        "reward.rewards: there is no language '" + language + "'; known are " + Languages.KNOWN);
            }
        }

        @Override
        public double score(Text text) {
            return Languages.probability(language, text.response());
        }
    }

    /**
     * The share of the response's word n-grams that occur neither in the prompt nor earlier in the response.
     *
     * @param n words per n-gram, 3 by default
     */
    @JsonTypeName("novelty")
    record Novelty(int n) implements TextRule {
        private static final int THREE_WORDS = 3;

        @JsonCreator
        static Novelty of(@JsonProperty("n") @Nullable Integer n) {
            return new Novelty(n == null ? THREE_WORDS : n);
        }

        public Novelty {
            if (n < 1) {
                throw new IllegalArgumentException("reward.rewards: novelty needs n of at least 1, not " + n);
            }
        }

        @Override
        public double score(Text text) {
            List<List<String>> grams = grams(text.response());
            Set<List<String>> known = new HashSet<>(grams(text.prompt()));
            long fresh = grams.stream().filter(known::add).count();
            return grams.isEmpty() ? 0 : (double) fresh / grams.size();
        }

        private List<List<String>> grams(String text) {
            List<String> words = List.of(words(text.toLowerCase(Locale.ROOT)));
            return IntStream.rangeClosed(0, words.size() - n)
                    .mapToObj(i -> words.subList(i, i + n))
                    .toList();
        }
    }

    /** 1 if the response contains none of the words and phrases, ignoring case. */
    @JsonTypeName("banned")
    record Banned(Pattern pattern) implements TextRule {
        @JsonCreator
        static Banned of(@JsonProperty("words") @Nullable List<String> words) {
            return new Banned(pattern(RewardKind.given("banned", "words", words)));
        }

        private static Pattern pattern(List<String> words) {
            if (words.isEmpty() || words.stream().anyMatch(String::isBlank)) {
                throw new IllegalArgumentException("reward.rewards: banned needs words, none of them blank");
            }
            return Pattern.compile(
                    words.stream().map(Pattern::quote).collect(Collectors.joining("|", "(?<!\\w)(?:", ")(?!\\w)")),
                    Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS);
        }

        @Override
        public double score(Text text) {
            return pattern.matcher(text.response()).find() ? 0 : 1;
        }
    }
}
