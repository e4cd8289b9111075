package io.foretell.streams;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.FolderLock;
import io.foretell.platform.ForetellException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Exit;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.MetadataVersion;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka broker inside this JVM (KRaft, one node, loopback only). It formats its folder when that is new, and takes a
 * lock beside the folder before it touches it, because two brokers on one folder destroy it. A broker that cannot go on
 * (a full disk) halts its JVM: run it as a {@link ChildBroker} where that must not happen. Thread-safe.
 */
public final class EmbeddedBroker implements Broker {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedBroker.class);
    private static final long MIN_FREE_BYTES = 200L * 1024 * 1024;
    private static final int ATTEMPTS = 5;

    private final String bootstrap;
    private final KafkaRaftServer server;
    private final FolderLock lock;
    private boolean closed;

    private EmbeddedBroker(String bootstrap, KafkaRaftServer server, FolderLock lock) {
        this.bootstrap = bootstrap;
        this.server = server;
        this.lock = lock;
    }

    /** Starts a broker on {@code folder} and a free port, as {@link #start(Path, int)} does. */
    public static EmbeddedBroker start(Path folder) {
        return start(folder, 0);
    }

    /**
     * Starts a broker on {@code folder}.
     *
     * @param port that clients connect to; 0 for a free one
     * @throws ForetellException STORAGE when the folder is in use, cannot be written, or the disk is nearly full;
     *     UNAVAILABLE when the broker does not start
     */
    public static EmbeddedBroker start(Path folder, int port) {
        try {
            Files.createDirectories(folder);
            refuseFullDisk(folder);
        } catch (IOException e) {
            throw new ForetellException(
                    ErrorCode.STORAGE, "the broker's folder " + folder + " cannot be used: " + e, e);
        }
        FolderLock lock = FolderLock.take(folder, "embedded Kafka broker");
        try {
            refuseTakenPort(port);
            format(folder);
            sayWhyWhenTheBrokerHalts(folder);
            KilledBroker.retire(folder);
            return start(folder, port, lock, 1);
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static EmbeddedBroker start(Path folder, int wanted, FolderLock lock, int attempt) {
        int port = wanted == 0 ? freePort() : wanted;
        int controllerPort = freePort();
        KafkaRaftServer server = new KafkaRaftServer(
                KafkaConfig.fromProps(BrokerProperties.of(folder, port, controllerPort), false), Time.SYSTEM);
        try {
            server.startup();
        } catch (RuntimeException e) {
            server.shutdown(); // its controller threads would keep the JVM alive
            server.awaitShutdown();
            if (isPortTaken(e) && attempt < ATTEMPTS && wanted == 0) {
                return start(folder, wanted, lock, attempt + 1);
            }
            throw new ForetellException(
                    ErrorCode.UNAVAILABLE, "the embedded Kafka broker on " + folder + " did not start: " + e, e);
        }
        log.info("Kafka broker started folder={} bootstrap=127.0.0.1:{}", folder, port);
        return new EmbeddedBroker("127.0.0.1:" + port, server, lock);
    }

    private static void refuseTakenPort(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.setReuseAddress(true);
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        } catch (IOException e) {
            throw new ForetellException(
                    ErrorCode.UNAVAILABLE, "the Kafka broker cannot listen on port " + port + ": " + e.getMessage(), e);
        }
    }

    private static void refuseFullDisk(Path folder) throws IOException {
        long free = Files.getFileStore(folder).getUsableSpace();
        if (free < MIN_FREE_BYTES) {
            throw new ForetellException(
                    ErrorCode.STORAGE,
                    "the disk of " + folder.toAbsolutePath() + " has only " + free / (1024 * 1024)
                            + " MB free and Kafka needs at least " + MIN_FREE_BYTES / (1024 * 1024)
                            + " MB; free some space or choose another run.dir");
        }
    }

    private static void format(Path folder) {
        if (Files.exists(folder.resolve("meta.properties"))) {
            return;
        }
        try {
            String directory = folder.toAbsolutePath().toString();
            new Formatter()
                    .setPrintStream(new PrintStream(OutputStream.nullOutputStream()))
                    .setNodeId(BrokerProperties.NODE_ID)
                    .setClusterId(Uuid.randomUuid().toString())
                    .setDirectories(List.of(directory))
                    .setMetadataLogDirectory(directory)
                    .setControllerListenerName(BrokerProperties.CONTROLLER)
                    .setReleaseVersion(MetadataVersion.LATEST_PRODUCTION)
                    .setIgnoreFormatted(false)
                    .run();
        } catch (Exception e) {
            throw new ForetellException(
                    ErrorCode.STORAGE, "the broker's folder " + folder + " could not be prepared: " + e, e);
        }
    }

    private static void sayWhyWhenTheBrokerHalts(Path folder) {
        Exit.Procedure sayAndHalt = (status, message) -> {
            String sentence = "the Kafka broker on " + folder.toAbsolutePath() + " cannot go on ("
                    + folder.toFile().getUsableSpace() / (1024 * 1024)
                    + " MB free on its disk), so this process ends now; what it acknowledged is kept"
                    + (message == null ? "" : ": " + message);
            log.warn(sentence);
            System.err.println("! " + sentence);
            Runtime.getRuntime().halt(status == 0 ? 1 : status);
        };
        Exit.setHaltProcedure(sayAndHalt);
        Exit.setExitProcedure(sayAndHalt);
    }

    static int freePort() {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        } catch (IOException e) {
            throw new UncheckedIOException("no free port on the loopback interface", e);
        }
    }

    private static boolean isPortTaken(Throwable e) {
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException) {
                return true;
            }
        }
        return false;
    }

    @Override
    public String bootstrap() {
        return bootstrap;
    }

    /** Stops the broker, then gives its folder free. Close clients first: they would wait for it. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        server.shutdown();
        server.awaitShutdown();
        lock.close();
        log.info("Kafka broker stopped bootstrap={}", bootstrap);
    }
}
