package io.foretell.reward;

import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What a response earns by a rule, from 0 to 1. Immutable; pure functions. */
sealed interface TextRule {
    /**
     * A response and what it answers.
     *
     * @param reference what really follows the prompt; empty where nobody knows
     */
    record Text(String prompt, String response, String reference) {}

    double score(Text text);

    private static String[] words(String text) {
        String stripped = text.strip();
        return stripped.isEmpty() ? new String[0] : stripped.split("\\s+");
    }

    /** 1 where response and reference are the same but for white space. */
    record ExactMatch() implements TextRule {
        @Override
        public double score(Text text) {
            return Arrays.equals(words(text.response()), words(text.reference())) ? 1 : 0;
        }
    }

    /** 1 where the pattern is found in the response. */
    record Regex(Pattern pattern) implements TextRule {
        @Override
        public double score(Text text) {
            return pattern.matcher(text.response()).find() ? 1 : 0;
        }
    }

    /** 1 from {@code min} to {@code max} words; words/min below, max/words above. */
    record Length(int min, int max) implements TextRule {
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

    /** The probability that the response is in this language. */
    record Language(String code) implements TextRule {
        public Language {
            if (!Languages.KNOWN.contains(code)) {
                throw new IllegalArgumentException(
                        "reward.rewards: there is no language '" + code + "'; known are " + Languages.KNOWN);
            }
        }

        @Override
        public double score(Text text) {
            return Languages.probability(code, text.response());
        }
    }

    /** The share of the response's n-grams of words that are neither in the prompt nor earlier in the response. */
    record Novelty(int n) implements TextRule {
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
            return java.util.stream.IntStream.rangeClosed(0, words.size() - n)
                    .mapToObj(i -> words.subList(i, i + n))
                    .toList();
        }
    }

    /** 1 where none of the words and phrases stands in the response, whatever their case. */
    record Banned(Pattern pattern) implements TextRule {
        Banned(List<String> words) {
            this(pattern(words));
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
