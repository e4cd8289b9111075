package io.foretell.objectives;

import io.foretell.domain.Tokenizer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Typed reading of an objective's own keys; what was not read at the end is an unknown key. Confined to one thread. */
public final class Options {
    private final String objective;
    private final Map<String, Object> values;
    private final Set<String> known = new TreeSet<>();

    public Options(String objective, Map<String, Object> values) {
        this.objective = objective;
        this.values = values;
    }

    public int integer(String key, int fallback, int min) {
        double value = number(key, fallback, min, Integer.MAX_VALUE);
        if (value != Math.rint(value)) {
            throw wrong(key, "a whole number");
        }
        return (int) value;
    }

    public double number(String key, double fallback, double min, double max) {
        known.add(key);
        Object value = values.getOrDefault(key, fallback);
        if (!(value instanceof Number number) || !(number.doubleValue() >= min && number.doubleValue() <= max)) {
            throw wrong(key, "a number " + (max == Integer.MAX_VALUE ? "of at least " + min : min + " to " + max));
        }
        return number.doubleValue();
    }

    public String text(String key, String fallback) {
        known.add(key);
        Object value = values.getOrDefault(key, fallback);
        if (!(value instanceof String text) || text.isEmpty()) {
            throw wrong(key, "text");
        }
        return text;
    }

    /** As many texts as {@code fallback} has, which they are by default. */
    public List<String> texts(String key, List<String> fallback) {
        List<String> given = texts(key);
        if (!given.isEmpty() && given.size() != fallback.size()) {
            throw wrong(key, "a list of " + fallback.size() + " texts");
        }
        return given.isEmpty() ? fallback : given;
    }

    /** One of {@code known}, the first by default. */
    public String choice(String key, List<String> known) {
        String value = text(key, known.get(0));
        if (!known.contains(value)) {
            throw wrong(key, "one of " + known);
        }
        return value;
    }

    /** A list of texts, empty by default. */
    public List<String> texts(String key) {
        known.add(key);
        Object value = values.getOrDefault(key, List.of());
        if (!(value instanceof List<?> list) || !list.stream().allMatch(String.class::isInstance)) {
            throw wrong(key, "a list of texts");
        }
        return list.stream().map(String.class::cast).toList();
    }

    /** Two texts. */
    public List<String> pair(String key, List<String> fallback) {
        List<String> given = texts(key);
        if (!given.isEmpty() && given.size() != 2) {
            throw wrong(key, "two texts");
        }
        return given.isEmpty() ? fallback : given;
    }

    /** The two texts around an answer, neither of them empty. */
    public List<String> enclosure(String key, List<String> fallback) {
        List<String> pair = pair(key, fallback);
        if (pair.contains("")) {
            throw wrong(key, "two texts to look for");
        }
        return pair;
    }

    /** The rule of {@code banned} and {@code segment_ends}. */
    Segments segments(Tokenizer tokenizer) {
        List<String> ends = texts("segment_ends");
        return new Segments(tokenizer, ends.isEmpty() ? List.of("\n") : ends, texts("banned"));
    }

    /** The model of {@code proxy}; null where none is named. */
    @Nullable
    ProxyModel proxy(ObjectiveSettings settings) {
        known.add("proxy");
        return values.containsKey("proxy") ? settings.proxies().open(text("proxy", ""), settings.tokenizer()) : null;
    }

    /** Options that say nothing without another one. */
    public void refuseWithout(String needed, String... keys) {
        for (String key : keys) {
            if (values.containsKey(key)) {
                throw new IllegalArgumentException("phases: option '" + key + "' of objective '" + objective
                        + "' says nothing without '" + needed + "'");
            }
        }
    }

    /** The id of a tag that must be one token. */
    public static int token(Tokenizer tokenizer, String tag) {
        return tokenizer
                .idOf(tag)
                .orElseThrow(() -> new IllegalArgumentException(
                        "phases: the tokenizer has no single token '" + tag + "'; name one that it has"));
    }

    public boolean flag(String key, boolean fallback) {
        known.add(key);
        Object value = values.getOrDefault(key, fallback);
        if (!(value instanceof Boolean flag)) {
            throw wrong(key, "true or false");
        }
        return flag;
    }

    public void refuseUnknown() {
        for (String key : values.keySet()) {
            if (!known.contains(key)) {
                throw new IllegalArgumentException(
                        "phases: objective '" + objective + "' has no option '" + key + "'; it knows " + known);
            }
        }
    }

    private IllegalArgumentException wrong(String key, String expected) {
        return new IllegalArgumentException("phases: option '" + key + "' of objective '" + objective + "' is "
                + values.get(key) + " but must be " + expected);
    }
}
