package io.foretell.learner.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** MetricCatalogue, and what is read out of it: MetricText and HeldOutMeasure. */
class MetricCatalogueTest {
    private static final MetricCatalogue CATALOGUE = MetricCatalogue.get();

    private static MetricCatalogue.Entry find(String key) {
        return CATALOGUE.find(key).orElseThrow(() -> new AssertionError(key + " is not in the catalogue"));
    }

    private static Metric metric(String name, String unit, boolean signed) {
        return new Metric(name, unit, "It is.", null, null, null, null, signed, null, null, null);
    }

    @Test
    void aKeyIsFoundByItsNameBeforeAnyPattern() {
        assertThat(find("reward/component/information_gain").metric().unit()).isEqualTo("nats");
        assertThat(find("reward/component/quality").metric().name()).isEqualTo("reward/component/*");
        assertThat(find("reward/component/clean/banned").part()).isEqualTo("clean/banned");
        assertThat(find("asr/reward/mean").label()).isEqualTo("asr");
        assertThat(find("reward/mean").metric().isPattern()).isFalse();
        assertThat(find("batch/groups").metric().isPattern()).isFalse();
        assertThat(CATALOGUE.find("heldout/a_new_measure")).isEmpty();
        assertThat(CATALOGUE.find("")).isEmpty();
    }

    @Test
    void entriesComeInTheOrderOfTheCatalogue() {
        List<String> seen = new ArrayList<>();
        CATALOGUE.forEach(
                Set.of("step", "msr/reward/mean", "heldout/no_thought_loss", "reward/mean", "no/such"),
                (section, entry) -> seen.add(section.title() + ": " + entry.key()));

        assertThat(seen)
                .containsExactly(
                        "Held-out evaluation: heldout/no_thought_loss",
                        "Rewards: reward/mean",
                        "Rewards: msr/reward/mean",
                        "Progress and storage: step");
    }

    @Test
    void chartsHeadlinesAndCompanionsNameWhatIsThere() {
        Set<String> names = Set.copyOf(CATALOGUE
                .metrics()
                .map(Metric::name)
                .filter(name -> !name.isEmpty())
                .toList());
        CATALOGUE.metrics().forEach(metric -> {
            if (metric.beside() != null) {
                assertThat(names).as(metric.name()).contains(metric.beside());
            }
        });
        CATALOGUE.charts().forEach((id, chart) -> {
            assertThat(CATALOGUE.metrics().map(Metric::chart))
                    .as("metrics of a chart")
                    .contains(id);
            if (chart.total() != null) {
                assertThat(find(chart.total()).metric().chart()).isEqualTo(id);
            }
        });
    }

    @Test
    void thePageReadsItAsJson() {
        JsonNode json = Json.mapper().valueToTree(CATALOGUE);

        assertThat(json.path("charts").path("time").path("total").asText()).isEqualTo("timing_s/step");
        assertThat(json.path("sections")
                        .path(0)
                        .path("metrics")
                        .path(0)
                        .path("name")
                        .asText())
                .isEqualTo("heldout/information_gain");
        assertThat(json.path("sections").path(0).path("metrics").path(0).has("pattern"))
                .isFalse();
    }

    @Test
    void aMetricWithoutUnitOrSentenceIsRefused() {
        assertThatThrownBy(() -> metric("a/b", "nat", false)).hasMessageContaining("'a/b' has the unit 'nat'");
        assertThatThrownBy(() -> metric("*/b/*", "nats", false)).hasMessageContaining("at most one *");
        assertThatThrownBy(
                        () -> new Metric("a", "nats", "no sentence", null, null, null, null, false, null, null, null))
                .hasMessageContaining("needs a meaning");
    }

    @Test
    void valuesHaveTheirUnits() {
        assertThat(MetricText.of(metric("a", "nats", true), 0.25)).isEqualTo("+0.2500 nats");
        assertThat(MetricText.of(metric("a", "nats", true), -12.5)).isEqualTo("-12.50 nats");
        assertThat(MetricText.of(metric("a", "nats", false), 3.14e-8)).isEqualTo("3.1e-08 nats");
        assertThat(MetricText.of(metric("a", "ratio", false), 0.975)).isEqualTo("97.5%");
        assertThat(MetricText.of(metric("a", "ratio", false), 0.0012)).isEqualTo("0.12%");
        assertThat(MetricText.of(metric("a", "ratio", false), 0)).isEqualTo("0.0%");
        assertThat(MetricText.of(metric("a", "tokens/s", false), 12345)).isEqualTo("12.35k tokens/s");
        assertThat(MetricText.of(metric("a", "seconds", false), 0.52)).isEqualTo("0.52 s");
        assertThat(MetricText.of(metric("a", "bytes", false), 2_500_000)).isEqualTo("2.50M bytes");
        assertThat(MetricText.of(metric("a", "number", false), 3)).isEqualTo("3");
        assertThat(MetricText.brief(metric("a", "nats", true), 0.25)).isEqualTo("+0.2500");
        assertThat(MetricText.brief(metric("a", "ratio", false), 0.5)).isEqualTo("50.0%");
    }

    @Test
    void heldOutMeasuresCarryTheirIntervals() {
        List<HeldOutMeasure> measures = HeldOutMeasure.ofSummary(Map.of(
                "no_thought_loss",
                1.5,
                "information_gain",
                0.25,
                "information_gain_low",
                -0.5,
                "information_gain_high",
                1.0));

        assertThat(measures.stream().map(HeldOutMeasure::text))
                .containsExactly("information gain +0.2500 nats [-0.5000, +1]", "no thought loss 1.500 nats");
    }

    @Test
    void aMeasureThatEndsLikeABoundIsAMeasure() {
        assertThat(HeldOutMeasure.ofSummary(Map.of("how_low", 2.5)).stream().map(HeldOutMeasure::text))
                .containsExactly("how low 2.500");
    }
}
