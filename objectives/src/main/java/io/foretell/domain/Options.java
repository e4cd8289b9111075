package io.foretell.domain;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Typed access to the options of one objective or loss. {@link #refuseUnknown} rejects every option that has not been
 * read by then. Confined to one thread.
 */
public final class Options {
    private final String section;
    private final String owner;
    private final Map<String, Object> values;
    private final Set<String> known = new TreeSet<>();

    /** The options of an objective. */
    public Options(String objective, Map<String, Object> values) {
        this("phases", "objective '" + objective + "'", values);
    }

    private Options(String section, String owner, Map<String, Object> values) {
        this.section = section;
        this.owner = owner;
        this.values = values;
    }

    /** The options of a loss, {@code learner.loss_options}. */
    public static Options ofLoss(String mode, Map<String, Object> values) {
        return new Options("learner.loss_options", "loss '" + mode + "'", values);
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

    /** A list as long as {@code fallback}, which is the default. */
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

    /** Whether the configuration gives this option; it is known from then on. */
    public boolean isGiven(String key) {
        known.add(key);
        return values.containsKey(key);
    }

    /** Refuses options that have no effect without {@code needed}. */
    public void refuseWithout(String needed, String... keys) {
        for (String key : keys) {
            if (values.containsKey(key)) {
                throw new IllegalArgumentException(
                        section + ": option '" + key + "' of " + owner + " has no effect without '" + needed + "'");
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

    /** @throws UnknownOption for the first option that was not read */
    public void refuseUnknown() {
        for (String key : values.keySet()) {
            if (!known.contains(key)) {
                throw new UnknownOption(
                        section + ": " + owner + " has no option '" + key + "'; it knows " + known, key, known);
            }
        }
    }

    /** An option that its owner does not have. */
    public static final class UnknownOption extends IllegalArgumentException {
        private static final long serialVersionUID = 1L;

        private final String key;
        private final List<String> known;

        UnknownOption(String message, String key, Set<String> known) {
            super(message);
            this.key = key;
            this.known = List.copyOf(known);
        }

        public String key() {
            return key;
        }

        /** The options there are, in alphabetical order. */
        public List<String> known() {
            return known;
        }
    }

    private IllegalArgumentException wrong(String key, String expected) {
        return new IllegalArgumentException(
                section + ": option '" + key + "' of " + owner + " is " + values.get(key) + " but must be " + expected);
    }
}
