package io.foretell.server;

import io.foretell.platform.Threads;
import io.foretell.policy.Policy;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The orderly end of the process, by Ctrl-C, SIGTERM or its own will: everything drains and the exit status is 0; when
 * that fails or takes too long, 1. Thread-safe.
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

    /** For commands with nothing to put in order: a signal waits for the model's call in progress. */
    public static void quiesceAtEnd() {
        Threads.atExit("quiesce", () -> {
            if (!Policy.quiesce(LAST_CALL)) {
                ProcessEnd.halt(1);
            }
        });
    }

    /** Says why and ends the process as a crash would, which loses nothing: for when nothing can be put in order. */
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

    /** Stops and ends the process; when a signal came first, waits for that to do it. */
    public void exit(int status) throws InterruptedException {
        if (underWay.compareAndSet(false, true)) {
            int stopped = run();
            Policy.quiesce(LAST_CALL);
            ProcessEnd.halt(Math.max(status, stopped));
        }
        Thread.sleep(Long.MAX_VALUE);
    }
}
