package io.foretell.learner;

import java.util.concurrent.atomic.AtomicBoolean;

/** What others ask of a running learner, and what it says it is doing. Thread-safe. */
final class LearnerControl {
    private final AtomicBoolean checkpointWanted = new AtomicBoolean();
    private final AtomicBoolean annealWanted = new AtomicBoolean();
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

    void wishCheckpoint() {
        checkpointWanted.set(true);
    }

    /** Whether a checkpoint was asked for since the last call. */
    boolean takeCheckpointWish() {
        return checkpointWanted.getAndSet(false);
    }

    void wishAnneal() {
        annealWanted.set(true);
    }

    /** Whether the anneal was asked for since the last call. */
    boolean takeAnnealWish() {
        return annealWanted.getAndSet(false);
    }

    void is(String newState, String newWaitingFor) {
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
