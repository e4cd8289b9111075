package io.foretell.reward;

import java.util.List;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * One part of a combined reward, as the configuration has it. Each part is worth 0 to 1.
 *
 * @param kind exact_match, regex, length, language, novelty, banned or judge
 * @param weight of this part in the total, 1 where it is left out; may be negative
 * @param pattern of regex: found somewhere in the response
 * @param min of length: fewest words
 * @param max of length: most words
 * @param language of language: an ISO 639 code such as en
 * @param n of novelty: words per n-gram, 3 where it is left out
 * @param words of banned: words and phrases
 * @param role of judge
 */
public record ComponentSettings(
        String kind,
        @Nullable Double weight,
        @Nullable String pattern,
        @Nullable Integer min,
        @Nullable Integer max,
        @Nullable String language,
        @Nullable Integer n,
        @Nullable List<String> words,
        @Nullable String role) {
    private static final int THREE_WORDS = 3;

    public ComponentSettings {
        words = words == null ? null : List.copyOf(words);
        if (weight != null && !Double.isFinite(weight)) {
            throw new IllegalArgumentException("reward.rewards: a weight must be finite, not " + weight);
        }
    }

    double weightOrOne() {
        return weight == null ? 1 : weight;
    }

    /** The name of this part among a reward's components. */
    String name() {
        return kind.equals("judge") ? "judge_" + role : kind;
    }

    /**
     * The rule, or null for a judge.
     *
     * @throws IllegalArgumentException with a sentence for the user, when something is missing or wrong
     */
    @Nullable
    TextRule rule() {
        return switch (kind) {
            case "exact_match" -> new TextRule.ExactMatch();
            case "regex" -> new TextRule.Regex(compiled(given("pattern", pattern)));
            case "length" -> new TextRule.Length(min == null ? 0 : min, max == null ? Integer.MAX_VALUE : max);
            case "language" -> new TextRule.Language(given("language", language));
            case "novelty" -> new TextRule.Novelty(n == null ? THREE_WORDS : n);
            case "banned" -> new TextRule.Banned(given("words", words));
            case "judge" -> {
                given("role", role);
                yield null;
            }
            default ->
                throw new IllegalArgumentException("reward.rewards: there is no kind '" + kind
                        + "'; known are exact_match, regex, length, language, novelty, banned and judge");
        };
    }

    private <T> T given(String key, @Nullable T value) {
        if (value == null) {
            throw new IllegalArgumentException("reward.rewards: kind '" + kind + "' needs '" + key + "'");
        }
        return value;
    }

    private static Pattern compiled(String pattern) {
        try {
            return Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "reward.rewards: '" + pattern + "' is not a regular expression: " + e.getDescription(), e);
        }
    }
}
