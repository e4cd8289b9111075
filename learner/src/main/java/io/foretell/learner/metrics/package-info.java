/**
 * One row of metrics per step: computed, written to {@code metrics.jsonl} and shown as gauges. {@link
 * io.foretell.learner.metrics.MetricCatalogue} names every metric; whoever shows metrics reads it.
 */
@NullMarked
package io.foretell.learner.metrics;

import org.jspecify.annotations.NullMarked;
