/**
 * One row of metrics per step: computed, written to {@code metrics.jsonl} and shown as gauges.
 */
@NullMarked
package io.foretell.learner.metrics;

import org.jspecify.annotations.NullMarked;
