package io.foretell.learner.metrics;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A held-out measure of one evaluation. Immutable.
 *
 * @param name without {@code heldout/}
 * @param label what people read
 * @param metric its entry in the catalogue; empty for a measure that the catalogue does not name
 * @param low lower end of its 95 % interval; empty where it has none
 */
public record HeldOutMeasure(
        String name, String label, Optional<Metric> metric, double value, OptionalDouble low, OptionalDouble high) {
    private static final String LOW = "_low";
    private static final String HIGH = "_high";

    /**
     * The measures in a row of {@code metrics.jsonl}: those of the catalogue in its order, then all others.
     *
     * @param row values by key; keys that are no held-out measure do not count
     */
    public static List<HeldOutMeasure> of(Map<String, ?> row) {
        List<String> keys = new ArrayList<>();
        MetricCatalogue.get().forEach(row.keySet(), (section, entry) -> {
            if (entry.metric().isHeldOut()) {
                keys.add(entry.key());
            }
        });
        row.keySet().stream()
                .filter(key -> key.startsWith(Metric.HELD_OUT) && !keys.contains(key))
                .forEach(keys::add);
        return keys.stream()
                .filter(key -> row.get(key) instanceof Number && !isBound(key, row.keySet()))
                .map(key -> measure(key, row))
                .toList();
    }

    /** As {@link #of}, from measures without {@code heldout/} in their names, as in {@code summary.json}. */
    public static List<HeldOutMeasure> ofSummary(Map<String, Double> measures) {
        Map<String, Double> row = new HashMap<>();
        measures.forEach((name, value) -> row.put(Metric.HELD_OUT + name, value));
        return of(row);
    }

    private static boolean isBound(String key, Set<String> keys) {
        return key.endsWith(LOW) && keys.contains(key.substring(0, key.length() - LOW.length()))
                || key.endsWith(HIGH) && keys.contains(key.substring(0, key.length() - HIGH.length()));
    }

    private static HeldOutMeasure measure(String key, Map<String, ?> row) {
        String name = key.substring(Metric.HELD_OUT.length());
        return new HeldOutMeasure(
                name,
                name.replace('_', ' '),
                MetricCatalogue.get().find(key).map(MetricCatalogue.Entry::metric),
                ((Number) row.get(key)).doubleValue(),
                number(row.get(key + LOW)),
                number(row.get(key + HIGH)));
    }

    private static OptionalDouble number(@Nullable Object value) {
        return value instanceof Number number ? OptionalDouble.of(number.doubleValue()) : OptionalDouble.empty();
    }

    /** As in {@code information gain +0.2500 nats [+0.1000, +0.4000]}. */
    public String text() {
        return label + " " + format(value) + interval();
    }

    /** The value with its unit. */
    public String format(double value) {
        return metric.map(known -> MetricText.of(known, value)).orElseGet(() -> MetricText.number(value));
    }

    /** The interval in brackets after a space; empty where there is none. */
    public String interval() {
        return low.isPresent() && high.isPresent()
                ? " [" + brief(low.getAsDouble()) + ", " + brief(high.getAsDouble()) + "]"
                : "";
    }

    private String brief(double bound) {
        return metric.map(known -> MetricText.brief(known, bound)).orElseGet(() -> MetricText.number(bound));
    }
}
