package io.foretell.launcher;

import com.sun.management.OperatingSystemMXBean;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.RocksStore;
import io.foretell.policy.Policy;
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
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;

/** What {@code doctor} looks at, in order. Confined to one thread. */
final class DoctorChecks {
    private static final long LITTLE_DISK = 1_000_000_000L;
    private static final long LITTLE_MEMORY = 3_000_000_000L;
    private static final int OLDEST_JAVA = 17;

    /**
     * One line.
     *
     * @param isNeeded whether Foretell cannot work without it
     * @param remedy what to do when it fails
     * @param work answers with what was found, or throws
     */
    record Check(String name, boolean isNeeded, String remedy, Callable<String> work) {}

    private final Path runDir;
    private final int port;
    private final Path scratch;

    /** @param scratch an empty folder that may be filled */
    DoctorChecks(Path runDir, int port, Path scratch) {
        this.runDir = runDir;
        this.port = port;
        this.scratch = scratch;
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
                        "self-test of a small model",
                        true,
                        "the engine starts but computes wrongly: try another machine, or report this line",
                        () -> new PolicySelfTest(scratch.resolve("model")).run()),
                new Check("processors", false, "", DoctorChecks::processors),
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
                new Check("RocksDB", true, "its native library does not work in this temporary folder", this::rocks));
    }

    private static String java() {
        int feature = Runtime.version().feature();
        String version = System.getProperty("java.version") + " (" + System.getProperty("java.vm.name") + ")";
        if (feature < OLDEST_JAVA) {
            throw failed("version " + version + " is too old");
        }
        return version + "; Maven is not needed once the program is built";
    }

    private static String processors() {
        String threads = System.getenv("OMP_NUM_THREADS");
        return Runtime.getRuntime().availableProcessors() + " for this process, OMP_NUM_THREADS "
                + (threads == null ? "not set" : threads);
    }

    private String disk() throws IOException {
        Path there = existing(runDir.toAbsolutePath().normalize());
        long free = Files.getFileStore(there).getUsableSpace();
        if (!Files.isWritable(there)) {
            throw failed(there + " cannot be written");
        }
        if (free < LITTLE_DISK) {
            throw failed("only " + Sizes.of(free) + " free for " + runDir);
        }
        return Sizes.of(free) + " free for " + runDir;
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
        String figures = Sizes.of(total) + ", " + Sizes.of(system.getFreeMemorySize()) + " unused, Java heap at most "
                + Sizes.of(Runtime.getRuntime().maxMemory());
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
        long start = System.nanoTime();
        try (EmbeddedBroker broker = EmbeddedBroker.start(scratch.resolve("kafka"))) {
            new Topics("doctor").ensure(broker.bootstrap(), 1);
        }
        return "started, made topics and stopped in " + (System.nanoTime() - start) / 1_000_000 + " ms";
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
