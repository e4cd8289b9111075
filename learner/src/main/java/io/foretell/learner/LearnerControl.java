package io.foretell.learner;

import java.util.concurrent.atomic.AtomicBoolean;

/** What others ask of a running learner, and what it says it is doing. Thread-safe. */
final class LearnerControl {
    private final AtomicBoolean checkpointRequested = new AtomicBoolean();
    private final AtomicBoolean annealRequested = new AtomicBoolean();
    private volatile boolean stopping;
    private volatile boolean paused;
    private volatile String state = "starting";
    private volatile String waitingFor = "";

    void stop() {
        stopping = true;
    }

    boolean isStopping() {
        return stopping;
    }

    void pause(boolean wanted) {
        paused = wanted;
    }

    boolean isPaused() {
        return paused;
    }

    void requestCheckpoint() {
        checkpointRequested.set(true);
    }

    /** Whether a checkpoint was asked for since the last call. */
    boolean takeCheckpointRequest() {
        return checkpointRequested.getAndSet(false);
    }

    void requestAnneal() {
        annealRequested.set(true);
    }

    /** Whether the anneal was asked for since the last call. */
    boolean takeAnnealRequest() {
        return annealRequested.getAndSet(false);
    }

    void setState(String newState, String newWaitingFor) {
        state = newState;
        waitingFor = newWaitingFor;
    }

    String state() {
        return state;
    }

    String waitingFor() {
        return waitingFor;
    }
}
