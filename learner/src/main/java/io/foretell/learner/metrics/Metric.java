package io.foretell.learner.metrics;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One entry of the catalogue; {@code metrics.yaml} says what each component is for. Immutable.
 *
 * @param name key in {@code metrics.jsonl}, with at most one {@code *} for a part that varies; empty for a metric that is
 *     no key but exists at {@code GET /metrics} only
 * @param label what people read; the last part of the name where the catalogue gives none
 * @param prometheus name at {@code GET /metrics}; null for none
 */
@JsonInclude(JsonInclude.Include.NON_DEFAULT)
public record Metric(
        String name,
        String unit,
        String meaning,
        String label,
        @Nullable String prometheus,
        @Nullable String chart,
        @Nullable String axis,
        boolean signed,
        @Nullable String console,
        @Nullable String headline,
        @Nullable String beside) {
    static final String HELD_OUT = "heldout/";
    private static final Set<String> UNITS = Set.of(
            "nats",
            "ratio",
            "tokens",
            "tokens/s",
            "seconds",
            "bytes",
            "steps",
            "versions",
            "groups",
            "reward",
            "number",
            "text");

    public Metric {
        name = name == null ? "" : name;
        if (meaning == null || !meaning.endsWith(".")) {
            throw new IllegalArgumentException("metric '" + name + "' needs a meaning that is a sentence");
        }
        if (!UNITS.contains(unit)) {
            throw new IllegalArgumentException(
                    "metric '" + name + "' has the unit '" + unit + "' but must have one of " + UNITS);
        }
        if (name.isEmpty() && prometheus == null || name.indexOf('*') != name.lastIndexOf('*')) {
            throw new IllegalArgumentException(
                    "metric '" + name + "' needs a name with at most one *, or a prometheus name");
        }
        if (label == null) {
            label = name.substring(name.lastIndexOf('/') + 1).replace('_', ' ');
        }
    }

    /** Whether its name stands for several keys. */
    @JsonIgnore
    public boolean isPattern() {
        return name.indexOf('*') >= 0;
    }

    /** Whether it is measured on held-out documents. */
    @JsonIgnore
    public boolean isHeldOut() {
        return name.startsWith(HELD_OUT);
    }

    /** The part of {@code key} that the name's {@code *} stands for, empty text where it has none; empty for no match. */
    Optional<String> match(String key) {
        int star = name.indexOf('*');
        if (star < 0) {
            return name.equals(key) && !key.isEmpty() ? Optional.of("") : Optional.empty();
        }
        String before = name.substring(0, star);
        String after = name.substring(star + 1);
        boolean matches =
                key.length() > before.length() + after.length() && key.startsWith(before) && key.endsWith(after);
        return matches ? Optional.of(key.substring(before.length(), key.length() - after.length())) : Optional.empty();
    }
}
