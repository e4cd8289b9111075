package io.foretell.lab.bench;

import io.foretell.platform.Time;
import io.foretell.streams.RecordSender;
import io.foretell.streams.Topics;
import io.vertx.core.buffer.Buffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Documents into Kafka with acks=all: over HTTP one per request, over HTTP in batches, and by a producer. Three
 * rounds after a warm-up as long as two of them; rates are medians of the rounds. Used by one thread.
 */
final class IngestionBench {
    private static final String RUN = "bench";
    private static final int ROUNDS = 3;
    private static final int CLIENTS = 256;
    private static final int LINE_CLIENTS = 16;
    private static final int LINES = 100;

    private final Path folder;
    private final int seconds;
    private final SampleDocuments documents = new SampleDocuments(1);

    IngestionBench(Path folder, int seconds) {
        this.folder = folder;
        this.seconds = seconds;
    }

    BenchReport.Figures http() {
        return overHttp("http", "application/json", CLIENTS, 1, documents::next);
    }

    BenchReport.Figures lines() {
        return overHttp("lines", "application/x-ndjson", LINE_CLIENTS, LINES, () -> documents.nextLines(LINES));
    }

    private BenchReport.Figures overHttp(
            String name, String contentType, int clients, int perRequest, Supplier<Buffer> bodies) {
        double[] rates = new double[ROUNDS];
        double[] cpu = new double[ROUNDS];
        double[][] latencies = new double[ROUNDS][];
        long errors = 0;
        try (BenchProcess server = BenchProcess.start("streams", configuration(name));
                LoadGenerator load = new LoadGenerator(server.url(), contentType, clients, bodies)) {
            load.run(2.0 * seconds);
            for (int round = 0; round < ROUNDS; round++) {
                Duration before = server.cpu();
                LoadGenerator.Result result = load.run(seconds);
                double accepted = result.latenciesMs().length * (double) perRequest;
                rates[round] = accepted / result.seconds();
                cpu[round] = server.cpu().minus(before).toNanos() / 1e3 / accepted;
                latencies[round] = result.latenciesMs();
                errors += result.errors();
                BenchCases.progress("  " + Math.round(rates[round]) + " documents/s");
            }
        }
        if (errors > 0) {
            throw new IllegalStateException(errors + " requests were not answered 202");
        }
        double[] all = Stream.of(latencies).flatMapToDouble(DoubleStream::of).toArray();
        return rates("documents_per_second", rates)
                .put("p50_ms", OrderStatistics.percentile(50, all))
                .put("p99_ms", OrderStatistics.percentile(99, all))
                .put("errors", errors)
                .put("server_cpu_us_per_document", OrderStatistics.median(cpu))
                .put("connections", clients);
    }

    BenchReport.Figures producer() {
        double[] rates = new double[ROUNDS];
        AtomicLong failed = new AtomicLong();
        String topic = new Topics(RUN).documents();
        try (BenchProcess server = BenchProcess.start("streams", configuration("producer"));
                RecordSender sender = new RecordSender(server.bootstrap())) {
            send(sender, topic, 2.0 * seconds, failed);
            for (int round = 0; round < ROUNDS; round++) {
                rates[round] = send(sender, topic, seconds, failed);
                BenchCases.progress("  " + Math.round(rates[round]) + " records/s");
            }
        }
        if (failed.get() > 0) {
            throw new IllegalStateException(failed + " records were not acknowledged");
        }
        return rates("records_per_second", rates).put("errors", failed.get());
    }

    private double send(RecordSender sender, String topic, double forSeconds, AtomicLong failed) {
        long begin = Time.system().nanos();
        long records = 0;
        while (Time.system().nanos() - begin < forSeconds * 1e9) {
            sender.send(topic, "bench-" + records, documents.next().getBytes()).whenComplete((sent, failure) -> {
                if (failure != null) {
                    failed.incrementAndGet();
                }
            });
            records++;
        }
        sender.flush();
        return records / ((Time.system().nanos() - begin) / 1e9);
    }

    private static BenchReport.Figures rates(String name, double[] rates) {
        return new BenchReport.Figures()
                .put(name, OrderStatistics.median(rates))
                .put(name + "_min", OrderStatistics.percentile(0, rates))
                .put(name + "_max", OrderStatistics.percentile(100, rates));
    }

    private Path configuration(String name) {
        String yaml = "run: {name: " + RUN + ", dir: " + folder.resolve(name) + "}\n"
                + "policy: {init: {size: micro}}\n"
                + "http: {port: 0}\n";
        return StepBench.write(folder.resolve(name + ".yaml"), yaml);
    }
}
