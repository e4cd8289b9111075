package io.foretell.platform;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

/**
 * The metrics of one process in Prometheus' format.
 *
 * <p>Thread-safe. Its creator closes it.
 */
public final class Metrics implements AutoCloseable {
    private static final Path PROCESS_STATUS = Path.of("/proc/self/status");

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final JvmGcMetrics garbageCollection = new JvmGcMetrics();
    private final Map<String, AtomicLong> gauges = new ConcurrentHashMap<>();

    /** Metrics without help texts. */
    public Metrics() {
        this(name -> "");
    }

    /** @param help the meaning of the metric with this Prometheus name, one sentence; empty if unknown */
    public Metrics(UnaryOperator<String> help) {
        registry.config().meterFilter(new MeterFilter() {
            @Override
            public Meter.Id map(Meter.Id id) {
                String name = id.getConventionName(registry.config().namingConvention());
                String meaning = help.apply(id.getType() == Meter.Type.COUNTER ? name + "_total" : name);
                return meaning.isEmpty()
                        ? id
                        : new Meter.Id(id.getName(), Tags.of(id.getTags()), id.getBaseUnit(), meaning, id.getType());
            }
        });
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        garbageCollection.bindTo(registry);
        if (Files.isReadable(PROCESS_STATUS)) {
            Gauge.builder("process.resident.memory", PROCESS_STATUS, Metrics::residentBytes)
                    .baseUnit("bytes")
                    .description("Memory of this process that is in RAM.")
                    .register(registry);
        }
    }

    public MeterRegistry registry() {
        return registry;
    }

    /** All metrics in Prometheus' text format. */
    public String scrape() {
        return registry.scrape();
    }

    /** Sets the gauge of this name and these tags; the first call creates it. */
    public void gauge(String name, double value, String... tags) {
        gauges.computeIfAbsent(name + String.join(",", tags), unused -> newGauge(name, tags))
                .set(Double.doubleToRawLongBits(value));
    }

    /** Increments the counter of this name; tags are alternating keys and values, with the same keys at every call. */
    public void count(String name, String... tags) {
        registry.counter(name, tags).increment();
    }

    @Override
    public void close() {
        garbageCollection.close();
        registry.close();
    }

    private AtomicLong newGauge(String name, String... tags) {
        AtomicLong bits = new AtomicLong();
        Gauge.builder(name, bits, value -> Double.longBitsToDouble(value.get()))
                .tags(tags)
                .strongReference(true)
                .register(registry);
        return bits;
    }

    private static double residentBytes(Path status) {
        try {
            for (String line : Files.readAllLines(status)) {
                if (line.startsWith("VmRSS:")) {
                    return Double.parseDouble(line.replaceAll("[^0-9]", "")) * 1024;
                }
            }
        } catch (IOException | NumberFormatException e) {
            return Double.NaN;
        }
        return Double.NaN;
    }
}
