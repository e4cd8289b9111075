package io.foretell.server;

import io.foretell.platform.Threads;
import io.foretell.policy.Policy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shuts the process down in order: on Ctrl-C, on SIGTERM or when its work is done. Everything drains and the exit
 * status is 0; if that fails or times out, 1. Thread-safe.
 */
public final class Shutdown {
    private static final Logger log = LoggerFactory.getLogger(Shutdown.class);

    private static final Duration LAST_CALL = Duration.ofSeconds(5);

    private final Runnable stop;
    private final AtomicBoolean underWay = new AtomicBoolean();

    private Shutdown(Runnable stop) {
        this.stop = stop;
    }

    public static Shutdown install(Runnable stop, Duration deadline) {
        Shutdown shutdown = new Shutdown(stop);
        Threads.atExit("shutdown", () -> shutdown.signalled(deadline));
        return shutdown;
    }

    /** For commands that need no cleanup: on a signal, waits for the model call in progress. */
    public static void quiesceAtEnd() {
        Threads.atExit("quiesce", () -> {
            if (!Policy.quiesce(LAST_CALL)) {
                ProcessEnd.halt(1);
            }
        });
    }

    /**
     * Logs why and ends the process like a crash, which loses nothing: for when an orderly shutdown is impossible.
     */
    public static void atOnce(String why) {
        log.warn(why);
        Console.warn(why);
        Policy.quiesce(LAST_CALL);
        ProcessEnd.halt(1);
    }

    public boolean isUnderWay() {
        return underWay.get();
    }

    private void signalled(Duration deadline) {
        if (!underWay.compareAndSet(false, true)) {
            return;
        }
        Console.say("stopping: finishing the step, writing a checkpoint (at most " + deadline.toSeconds() + " s)");
        int status = run();
        Policy.quiesce(LAST_CALL);
        ProcessEnd.halt(status);
    }

    private int run() {
        try {
            stop.run();
            Console.say("stopped");
            return 0;
        } catch (RuntimeException e) {
            log.warn("the stop was not orderly", e);
            Console.warn("the stop was not orderly: " + e.getMessage());
            return 1;
        }
    }

    /** Stops and ends the process; if a signal came first, waits for the signal's shutdown instead. */
    public void exit(int status) throws InterruptedException {
        if (underWay.compareAndSet(false, true)) {
            int stopped = run();
            Policy.quiesce(LAST_CALL);
            ProcessEnd.halt(Math.max(status, stopped));
        }
        Thread.sleep(Long.MAX_VALUE);
    }
}
