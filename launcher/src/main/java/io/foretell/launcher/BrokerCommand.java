package io.foretell.launcher;

import io.foretell.platform.ClockGuard;
import io.foretell.platform.Threads;
import io.foretell.platform.Time;
import io.foretell.server.Console;
import io.foretell.server.Logging;
import io.foretell.server.ProcessEnd;
import io.foretell.server.Shutdown;
import io.foretell.streams.EmbeddedBroker;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code foretell broker}: a Kafka broker for roles in separate processes, if there is no other. */
@Command(
        name = "broker",
        description =
                "Run a Kafka broker (one node, this machine only) until Ctrl-C, for roles in processes of their own.",
        mixinStandardHelpOptions = true)
final class BrokerCommand implements Callable<Integer> {
    @Parameters(paramLabel = "DIR", description = "Where its data and its log go; made when missing.")
    private Path folder;

    @Option(
            names = "--port",
            paramLabel = "N",
            defaultValue = "9092",
            description = "Port on the loopback interface, 0 for a free one (${DEFAULT-VALUE}).")
    private int port;

    @Override
    public Integer call() throws InterruptedException {
        if (port < 0 || port > 65_535) {
            throw new IllegalArgumentException("--port is " + port + " but must be between 0 and 65535");
        }
        Logging.into(folder.resolve("logs"));
        EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"), port);
        ClockGuard clock = new ClockGuard(Time.system(), Console::warn, Shutdown::atOnce);
        Threads.atExit("shutdown", () -> stop(broker, clock));
        Console.say("kafka " + broker.bootstrap() + "   folder " + folder);
        new CountDownLatch(1).await();
        return 0;
    }

    private static void stop(EmbeddedBroker broker, ClockGuard clock) {
        broker.close();
        clock.close();
        Console.say("stopped");
        ProcessEnd.halt(0);
    }
}
