package io.foretell.launcher;

import com.sun.management.OperatingSystemMXBean;
import io.foretell.lab.bench.ModelPeak;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.RocksStore;
import io.foretell.platform.Time;
import io.foretell.policy.Policy;
import io.foretell.policy.Precision;
import io.foretell.server.Plugins;
import io.foretell.streams.EmbeddedBroker;
import io.foretell.streams.Topics;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** The checks of {@code doctor}, in order. Confined to one thread. */
final class DoctorChecks {
    private static final long LITTLE_DISK = 1_000_000_000L;
    private static final long LITTLE_MEMORY = 3_000_000_000L;
    private static final int OLDEST_JAVA = 17;

    /**
     * One check, shown as one line.
     *
     * @param isNeeded whether Foretell cannot work without it
     * @param remedy what to do if it fails
     * @param work returns what was found, or throws
     */
    record Check(String name, boolean isNeeded, String remedy, Callable<String> work) {}

    private final Path runDir;
    private final int port;
    private final Path scratch;
    private final PolicySelfTest selfTest;

    /** @param scratch an empty folder for temporary files */
    DoctorChecks(Path runDir, int port, Path scratch) {
        this.runDir = runDir;
        this.port = port;
        this.scratch = scratch;
        this.selfTest = new PolicySelfTest(scratch.resolve("model"));
    }

    List<Check> all() {
        return List.of(
                new Check("Java", true, "install a JDK 17 or newer", DoctorChecks::java),
                new Check(
                        "native engine",
                        true,
                        "Linux x86-64 with glibc 2.28 or newer is needed, and room in ~/.djl.ai for its libraries",
                        () -> "PyTorch " + Policy.engineVersion()),
                new Check(
                        "device",
                        true,
                        "the engine starts but opens no model: try another machine, or report this line",
                        selfTest::device),
                new Check(
                        "self-test in float32",
                        true,
                        "the engine starts but computes wrongly: try another machine, or report this line",
                        () -> selfTest.run(Precision.FLOAT32)),
                new Check(
                        "self-test in bfloat16",
                        false,
                        "leave policy.dtype and rollout.dtype at float32 on this machine",
                        () -> selfTest.run(Precision.BFLOAT16)),
                new Check(
                        "matrix products",
                        false,
                        "leave policy.dtype and rollout.dtype at float32: this processor has no fast bfloat16",
                        this::products),
                new Check("processors", false, "set OMP_NUM_THREADS to the number of processors", this::processors),
                new Check("disk", true, "free some space or choose another run.dir", this::disk),
                new Check("memory", false, "choose a smaller model or another machine", DoctorChecks::memory),
                new Check(
                        "port " + port,
                        false,
                        "stop the program that has it, or start with --set http.port=0 (takes a free one)",
                        this::port),
                new Check(
                        "embedded Kafka",
                        true,
                        "see the log, or use a cluster with kafka.embedded: false and kafka.bootstrap",
                        this::kafka),
                new Check("RocksDB", true, "its native library does not work in this temporary folder", this::rocks),
                new Check(
                        "plugins",
                        true,
                        "see docs/plugins.md",
                        () -> Plugins.load(System.getenv()).toString()));
    }

    private static String java() {
        int feature = Runtime.version().feature();
        String version = System.getProperty("java.version") + " (" + System.getProperty("java.vm.name") + ")";
        if (feature < OLDEST_JAVA) {
            throw failed("version " + version + " is too old");
        }
        return version + "; Maven is not needed once the program is built";
    }

    private String products() {
        ModelPeak peak = selfTest.peak();
        String figures = String.format(
                Locale.ROOT,
                "float32 %.0f GFLOP/s, bfloat16 %.0f GFLOP/s; a copy reads %.1f GB/s",
                peak.float32(),
                peak.bfloat16(),
                peak.copy());
        if (peak.bfloat16() < peak.float32()) {
            throw failed(figures);
        }
        return figures;
    }

    private String processors() {
        int processors = Runtime.getRuntime().availableProcessors();
        String threads = System.getenv("OMP_NUM_THREADS");
        String figures = processors + " for this process, OMP_NUM_THREADS " + (threads == null ? "not set" : threads);
        if (Policy.threads() > processors) {
            throw failed(figures + ", the engine uses " + Policy.threads());
        }
        return figures;
    }

    private String disk() throws IOException {
        Path there = existing(runDir.toAbsolutePath().normalize());
        long free = Files.getFileStore(there).getUsableSpace();
        if (!Files.isWritable(there)) {
            throw failed(there + " cannot be written");
        }
        if (free < LITTLE_DISK) {
            throw failed("only " + HumanSizes.format(free) + " free for " + runDir);
        }
        return HumanSizes.format(free) + " free for " + runDir;
    }

    private static Path existing(Path path) {
        @Nullable Path at = path;
        while (at != null && !Files.exists(at)) {
            at = at.getParent();
        }
        return at == null ? path : at;
    }

    private static String memory() {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        long total = system.getTotalMemorySize();
        String figures = HumanSizes.format(total) + ", " + HumanSizes.format(system.getFreeMemorySize())
                + " unused, Java heap at most "
                + HumanSizes.format(Runtime.getRuntime().maxMemory());
        if (total < LITTLE_MEMORY) {
            throw failed("only " + figures);
        }
        return figures;
    }

    private String port() {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return "free on " + socket.getInetAddress().getHostAddress();
        } catch (IOException e) {
            throw failed("taken (" + e.getMessage() + ")");
        }
    }

    private String kafka() {
        long start = Time.system().nanos();
        try (EmbeddedBroker broker = EmbeddedBroker.start(scratch.resolve("kafka"))) {
            new Topics("doctor").ensure(broker.bootstrap(), 1, Time.system());
        }
        return "started, made topics and stopped in " + (Time.system().nanos() - start) / 1_000_000 + " ms";
    }

    private String rocks() {
        byte[] key = {1};
        byte[] value = {2};
        Path folder = scratch.resolve("rocks");
        try (RocksStore store = RocksStore.open(folder, List.of("doctor"))) {
            store.writeSynced(batch -> batch.put("doctor", key, value));
        }
        try (RocksStore store = RocksStore.open(folder, List.of("doctor"))) {
            if (!Arrays.equals(store.get("doctor", key), value)) {
                throw failed("what was written was not there after opening again");
            }
        }
        return "opened, wrote, opened again and read";
    }

    private static ForetellException failed(String sentence) {
        return new ForetellException(ErrorCode.INTERNAL, sentence);
    }
}
