package io.foretell.learner.metrics;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.DeserializationFeature;
import io.foretell.platform.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Every metric with its unit and meaning, and where it is shown: the content of {@code metrics.yaml}. Immutable.
 *
 * @param charts of the dashboard by id, in its order
 * @param sections of metrics, in the order in which people read them
 */
public record MetricCatalogue(Map<String, Chart> charts, List<Section> sections) {
    private static final MetricCatalogue INSTANCE = load();

    /** A chart of the dashboard; which metrics it shows is said by the metrics. */
    @JsonInclude(JsonInclude.Include.NON_DEFAULT)
    public record Chart(
            String section,
            String title,
            String note,
            boolean wide,
            boolean stack,
            boolean split,
            @Nullable String total) {}

    /** @param intro one or two sentences about its metrics */
    public record Section(String title, String intro, List<Metric> metrics) {}

    /**
     * A key of {@code metrics.jsonl} with its entry.
     *
     * @param part what the {@code *} in the entry's name stands for; empty where it has none
     */
    public record Entry(String key, Metric metric, String part) {
        /** What people read. */
        public String label() {
            return metric.label().equals("*") ? part.replace('_', ' ') : metric.label();
        }

        /** As {@link #label}, in the console and in reports. */
        public String consoleLabel() {
            String label = metric.console() == null ? label() : metric.console();
            return label.equals("*") ? part : label;
        }
    }

    public MetricCatalogue {
        charts = Collections.unmodifiableMap(new LinkedHashMap<>(charts));
        sections = List.copyOf(sections);
        Set<String> seen = new HashSet<>();
        for (Metric metric :
                sections.stream().flatMap(section -> section.metrics().stream()).toList()) {
            String name = metric.name().isEmpty() ? String.valueOf(metric.prometheus()) : metric.name();
            if (!seen.add(name)) {
                throw new IllegalArgumentException("metrics.yaml names '" + name + "' twice");
            }
            if (metric.chart() != null && !charts.containsKey(metric.chart())) {
                throw new IllegalArgumentException(
                        "metrics.yaml has no chart '" + metric.chart() + "', which '" + name + "' names");
            }
        }
    }

    /** The catalogue of this build. */
    public static MetricCatalogue get() {
        return INSTANCE;
    }

    private static MetricCatalogue load() {
        try (InputStream input = MetricCatalogue.class.getResourceAsStream("metrics.yaml")) {
            return Json.yaml()
                    .readerFor(MetricCatalogue.class)
                    .with(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .readValue(input);
        } catch (IOException e) {
            throw new UncheckedIOException("metrics.yaml: " + e.getMessage(), e);
        }
    }

    /** All metrics, section by section. */
    public Stream<Metric> metrics() {
        return sections.stream().flatMap(section -> section.metrics().stream());
    }

    /** The entry of {@code key}: the metric of this name, else the first whose pattern matches. */
    public Optional<Entry> find(String key) {
        return metrics()
                .filter(metric -> !metric.isPattern())
                .filter(metric -> metric.match(key).isPresent())
                .findFirst()
                .or(() -> metrics()
                        .filter(metric -> metric.match(key).isPresent())
                        .findFirst())
                .map(metric -> new Entry(key, metric, metric.match(key).orElseThrow()));
    }

    /** Shows the entries of those {@code keys} that are in the catalogue, each with its section, in its order. */
    public void forEach(Set<String> keys, BiConsumer<Section, Entry> visitor) {
        List<Entry> entries = keys.stream().flatMap(key -> find(key).stream()).toList();
        for (Section section : sections) {
            for (Metric metric : section.metrics()) {
                entries.stream()
                        .filter(entry -> entry.metric().equals(metric))
                        .forEach(entry -> visitor.accept(section, entry));
            }
        }
    }

    /** What a metric at {@code GET /metrics} means; empty for a name that is not in the catalogue. */
    public String help(String prometheus) {
        return metrics()
                .filter(metric -> prometheus.equals(metric.prometheus()))
                .map(Metric::meaning)
                .findFirst()
                .orElse("");
    }
}
