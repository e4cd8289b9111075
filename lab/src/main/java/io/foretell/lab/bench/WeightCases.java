package io.foretell.lab.bench;

import com.sun.management.OperatingSystemMXBean;
import io.foretell.domain.Experience;
import io.foretell.domain.PublishedWeights;
import io.foretell.learner.checkpoint.CheckpointState;
import io.foretell.learner.checkpoint.CheckpointStore;
import io.foretell.learner.checkpoint.CheckpointWriter;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.EventLoops;
import io.foretell.platform.Health;
import io.foretell.platform.HttpService;
import io.foretell.platform.HttpSettings;
import io.foretell.platform.Metrics;
import io.foretell.platform.Time;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyCopy;
import io.foretell.policy.PolicyOptions;
import io.foretell.policy.Precision;
import io.foretell.weightsync.HttpFetch;
import io.foretell.weightsync.PolicyDownloads;
import io.foretell.weightsync.PolicyFetch;
import io.foretell.weightsync.PolicyStore;
import io.foretell.weightsync.ServedPolicy;
import io.vertx.core.Vertx;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Cost of a model's weights between two steps: checkpoints and published versions. Used by one thread. */
final class WeightCases {
    private static final int SEQUENCES = 8;
    private static final int TOKENS = 256;
    private static final Duration PATIENCE = Duration.ofMinutes(10);

    private final BenchModel model;
    private final Path folder;
    private final int rounds;

    WeightCases(BenchModel model, Path folder, int rounds) {
        this.model = model;
        this.folder = folder;
        this.rounds = rounds;
    }

    /**
     * A step of 8 x 256 tokens, how long it waits for a checkpoint, and how long it takes while one is written in the
     * background.
     */
    BenchReport.Figures checkpoint(Precision precision) {
        Path dir = folder.resolve("checkpoints");
        List<Experience> batch = batch(SEQUENCES);
        try (Policy policy = learning(precision)) {
            LearnerBench.step(policy, batch, false);
            CheckpointStore store = new CheckpointStore(dir, 1);
            List<Double> alone = new ArrayList<>();
            List<Double> stepCpu = new ArrayList<>();
            List<Double> stallCpu = new ArrayList<>();
            List<Double> stalls = new ArrayList<>();
            List<Double> beside = new ArrayList<>();
            List<Double> written = new ArrayList<>();
            long bytes = 0;
            double first = 0;
            try (CheckpointWriter writer =
                    new CheckpointWriter(policy, model.folder(), store, () -> {}, true, PATIENCE, Time.system())) {
                for (int round = 0; round <= rounds; round++) {
                    stepCpu.add(cpuSeconds(
                            () -> alone.add(Stopwatch.seconds(() -> LearnerBench.step(policy, batch, false)))));
                    CheckpointState state = state(round);
                    double cpuBefore = cpuSeconds();
                    double stall = Stopwatch.seconds(() -> writer.begin(state));
                    stallCpu.add(cpuSeconds() - cpuBefore);
                    while (writer.writing() >= 0) {
                        beside.add(Stopwatch.seconds(() -> LearnerBench.step(policy, batch, false)));
                    }
                    CheckpointWriter.Written done = writer.await().orElseThrow();
                    bytes = done.bytes();
                    written.add(done.seconds());
                    if (round == 0) {
                        first = stall;
                    } else {
                        stalls.add(stall);
                    }
                }
            }
            double step = least(alone);
            return new BenchReport.Figures()
                    .put("step_seconds", step)
                    .put("stall_seconds", least(stalls))
                    .put("stall_share_of_step", least(stalls) / step)
                    .put("step_cpu_seconds", least(stepCpu))
                    .put("stall_cpu_seconds", least(stallCpu))
                    .put("first_stall_seconds", first)
                    .put("first_stall_share_of_step", first / step)
                    .put("written_seconds", least(written))
                    .put("bytes", bytes)
                    .put("step_seconds_beside", beside.isEmpty() ? step : least(beside))
                    .put("at_once_seconds", atOnce(policy, store));
        } finally {
            AtomicFiles.deleteFolder(dir);
        }
    }

    private Policy learning(Precision precision) {
        Policy policy = model.open(precision, PolicyOptions.Use.TRAINING);
        policy.startTraining();
        return policy;
    }

    private List<Experience> batch(int sequences) {
        return model.texts(sequences, TOKENS + 1, 9).stream()
                .map(text ->
                        LearnerBench.experience(text, -Math.log(model.config().vocabularySize())))
                .toList();
    }

    /** CPU time of the whole process: unlike wall time, it hardly grows on a busy machine. */
    private static double cpuSeconds() {
        return ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getProcessCpuTime() / 1e9;
    }

    private static double cpuSeconds(Runnable work) {
        double before = cpuSeconds();
        work.run();
        return cpuSeconds() - before;
    }

    private double atOnce(Policy policy, CheckpointStore store) {
        try (CheckpointWriter writer =
                new CheckpointWriter(policy, model.folder(), store, () -> {}, false, PATIENCE, Time.system())) {
            return Stopwatch.seconds(() -> writer.begin(state(rounds + 1)));
        }
    }

    private static CheckpointState state(long step) {
        return new CheckpointState(step, 0, Map.of(), Map.of(), Map.of(), "", List.of());
    }

    /**
     * Publishing a version, and switching to it from the shared folder and over HTTP; a copy in memory for
     * comparison.
     */
    BenchReport.Figures swap(Precision precision) throws Exception {
        Path dir = folder.resolve("policies");
        PolicyStore store = new PolicyStore(dir, false);
        Vertx vertx = EventLoops.start(2);
        Metrics metrics = new Metrics();
        HttpService http = HttpService.start(
                        vertx,
                        new HttpSettings("127.0.0.1", 0, null, null, 1 << 20),
                        List.of(new PolicyDownloads(dir)),
                        metrics,
                        new Health())
                .toCompletionStage()
                .toCompletableFuture()
                .get(1, TimeUnit.MINUTES);
        List<Experience> batch = batch(1);
        PolicyFetch remote =
                new HttpFetch(URI.create(http.url()), null, folder.resolve("fetched"), PATIENCE, Time.system());
        BenchReport.Figures figures = new BenchReport.Figures();
        try (Policy policy = learning(precision);
                PolicyCopy copy = policy.newCopy();
                ServedPolicy shared = served(precision, PolicyFetch.folder());
                ServedPolicy overHttp = served(precision, remote)) {
            List<ServedPolicy.Swap> byFolder = new ArrayList<>();
            List<ServedPolicy.Swap> byHttp = new ArrayList<>();
            shared.onSwap(byFolder::add);
            overHttp.onSwap(byHttp::add);
            List<Double> published = new ArrayList<>();
            List<Double> copied = new ArrayList<>();
            long bytes = 0;
            for (int round = 0; round <= rounds; round++) {
                LearnerBench.step(policy, batch, false); // without it there would be nothing to fetch
                long version = round;
                long start = Time.system().nanos();
                PolicyStore.Published done = store.publish(version, aside -> policy.save(aside, model.folder()));
                published.add((Time.system().nanos() - start) / 1e9);
                bytes = done.bytes();
                PublishedWeights announced =
                        new PublishedWeights("bench", version, done.folder().toString(), done.files());
                shared.swap(announced);
                overHttp.swap(announced);
                copied.add(Stopwatch.seconds(() -> policy.copyTo(copy)));
                store.retain(2, Set.of());
            }
            figures.put("published_bytes", bytes)
                    .put("publish_seconds", least(published))
                    .put("copy_in_memory_seconds", least(copied));
            put(figures, "folder", byFolder);
            put(figures, "http", byHttp);
            return figures;
        } finally {
            http.stop().toCompletionStage().toCompletableFuture().get(1, TimeUnit.MINUTES);
            vertx.close().toCompletionStage().toCompletableFuture().get(1, TimeUnit.MINUTES);
            metrics.close();
            AtomicFiles.deleteFolder(dir);
            AtomicFiles.deleteFolder(folder.resolve("fetched"));
        }
    }

    private ServedPolicy served(Precision precision, PolicyFetch fetch) {
        return new ServedPolicy(
                "bench-policy",
                PolicyOptions.DEFAULT
                        .withThreads(BenchModel.threads())
                        .with(precision)
                        .with(PolicyOptions.Use.SAMPLING),
                PATIENCE,
                fetch,
                Time.system());
    }

    /** Leaves out the first swap, which opens a model. */
    private static void put(BenchReport.Figures figures, String name, List<ServedPolicy.Swap> swaps) {
        List<ServedPolicy.Swap> later = swaps.subList(1, swaps.size());
        figures.put(
                        name + "_swap_seconds",
                        least(later.stream().map(ServedPolicy.Swap::seconds).toList()))
                .put(
                        name + "_load_seconds",
                        least(later.stream().map(ServedPolicy.Swap::loadSeconds).toList()))
                .put(name + "_bytes", later.get(0).bytes());
    }

    /** The minimum, because other load on the machine only adds time. */
    private static double least(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).min().orElseThrow();
    }
}
