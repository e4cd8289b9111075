package io.foretell.tests;

import io.foretell.learner.metrics.Metric;
import io.foretell.learner.metrics.MetricCatalogue;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Generates {@code docs/metrics.md} from the catalogue of metrics. */
class MetricsPageTest {
    @Test
    void thePageOfMetricsIsThatOfTheCatalogue() {
        GeneratedPage.check(Path.of("docs/metrics.md"), page(MetricCatalogue.get()));
    }

    private static String page(MetricCatalogue catalogue) {
        StringBuilder page = new StringBuilder("# Metrics\n\n");
        page.append(
                "A training step and an evaluation each append a row to `metrics.jsonl` in the run's folder. The same rows"
                        + " are at\n`GET /v1/metrics/series` and, live, at `GET /v1/events`; their newest values are gauges at"
                        + " `GET /metrics`. The dashboard,\nthe console and `foretell inspect` show a selection.\n\n");
        page.append(
                "Units: `nats` are natural-log probabilities; a `ratio` is a share from 0 to 1, shown as a percentage; a"
                        + " `reward` is in\nthe unit that `reward/unit` names. `*` stands for a part that varies; at `GET /metrics` it"
                        + " is the label `name`.\n\n");
        page.append(
                        "Generated from [metrics.yaml](../learner/src/main/resources/io/foretell/learner/metrics/metrics.yaml): `")
                .append(GeneratedPage.command(MetricsPageTest.class))
                .append("`\n");
        for (MetricCatalogue.Section section : catalogue.sections()) {
            boolean hasKeys =
                    section.metrics().stream().anyMatch(metric -> !metric.name().isEmpty());
            page.append("\n## ")
                    .append(section.title())
                    .append("\n\n")
                    .append(section.intro())
                    .append("\n\n");
            page.append(
                    hasKeys
                            ? "| metric | unit | meaning | at `/metrics` |\n|---|---|---|---|\n"
                            : "| at `/metrics` | unit | meaning |\n|---|---|---|\n");
            for (Metric metric : section.metrics()) {
                page.append("| ");
                if (hasKeys) {
                    page.append('`').append(metric.name()).append("` | ");
                } else {
                    page.append('`').append(metric.prometheus()).append("` | ");
                }
                page.append(metric.unit())
                        .append(" | ")
                        .append(metric.meaning())
                        .append(" |");
                if (hasKeys) {
                    page.append(metric.prometheus() == null ? "" : " `" + metric.prometheus() + "`")
                            .append(" |");
                }
                page.append('\n');
            }
        }
        return page.toString();
    }
}
