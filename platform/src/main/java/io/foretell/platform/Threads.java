package io.foretell.platform;

import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;

/** Creates all threads; each has a name. */
public final class Threads {
    private Threads() {}

    /** A thread, not started yet, that keeps the process alive while it runs. */
    public static Thread user(String name, Runnable task) {
        return new Thread(task, name);
    }

    /** A thread, not started yet, that ends with the process. */
    public static Thread daemon(String name, Runnable task) {
        Thread thread = user(name, task);
        thread.setDaemon(true);
        return thread;
    }

    /** Daemon threads named {@code name-1}, {@code name-2} and so on. */
    public static ThreadFactory daemons(String name) {
        AtomicInteger number = new AtomicInteger();
        return task -> daemon(name + "-" + number.incrementAndGet(), task);
    }

    /** Runs every task on its own daemon thread. */
    public static Executor perTask(String name) {
        return task -> daemon(name, task).start();
    }

    /** Runs {@code task} on its own thread when the process ends. @return the hook, for removal */
    public static Thread atExit(String name, Runnable task) {
        Thread hook = user(name, task);
        Runtime.getRuntime().addShutdownHook(hook);
        return hook;
    }

    /** A timer with one daemon thread. */
    public static ScheduledExecutorService scheduled(String name) {
        return Executors.newSingleThreadScheduledExecutor(task -> daemon(name, task));
    }
}
