package io.foretell.learner;

import io.foretell.learner.evaluation.HeldOutDocuments;
import io.foretell.learner.metrics.MetricsLog;
import io.foretell.learner.metrics.RunSummary;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Threads;
import io.foretell.platform.Time;
import io.foretell.platform.Watchdog;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The learner daemon: opens its resources, resumes from the last checkpoint, runs the {@link TrainingLoop} and writes a
 * checkpoint and a summary. All work happens on one thread of its own; the public methods are thread-safe.
 */
public final class Learner implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Learner.class);
    static final String NAME = "learner";
    private static final Duration STEP = Duration.ofSeconds(60);

    private final TrainingPlan run;
    private final HeldOutDocuments heldOut;
    private final MetricsLogFactory logs;
    private final Watchdog watchdog;
    private final Consumer<ProgressLine> progress;
    private final Time time;
    private final CompletableFuture<Long> started = new CompletableFuture<>();
    private final CompletableFuture<Long> finished = new CompletableFuture<>();
    private final LearnerResourcesFactory resources;
    private final Thread thread;
    private final LearnerControl control = new LearnerControl();
    private volatile LearnerSnapshot snapshot;

    /** Opens the learner's resources, on the learner's thread. */
    @FunctionalInterface
    public interface LearnerResourcesFactory {
        LearnerResources open();
    }

    /** Opens the metrics log when the step to resume from is known. */
    @FunctionalInterface
    public interface MetricsLogFactory {
        MetricsLog open(long step);
    }

    /** What a progress line is made of. */
    public record ProgressLine(Map<String, Object> metrics, long totalSteps) {}

    public Learner(
            TrainingPlan run,
            LearnerResourcesFactory resources,
            HeldOutDocuments heldOut,
            MetricsLogFactory logs,
            Watchdog watchdog,
            Consumer<ProgressLine> progress,
            Time time) {
        this.run = run;
        this.resources = resources;
        this.heldOut = heldOut;
        this.logs = logs;
        this.watchdog = watchdog;
        this.progress = progress;
        this.time = time;
        this.snapshot = LearnerSnapshot.NOTHING;
        this.thread = Threads.user(NAME, this::work);
        thread.start();
    }

    /** Completes with the step it resumes from after the first version is published; fails if it cannot start. */
    public CompletableFuture<Long> started() {
        return started;
    }

    /** Completes with the last step when the run has finished or was stopped; fails if the learner fails. */
    public CompletableFuture<Long> finished() {
        return finished;
    }

    public void pause() {
        control.pause(true);
    }

    public void resume() {
        control.pause(false);
    }

    /** Asks for a checkpoint after the step in progress. */
    public void checkpoint() {
        control.requestCheckpoint();
    }

    /** Asks for the learning rate's anneal, from the next step on. */
    public void anneal() {
        control.requestAnneal();
    }

    public LearnerStatus status() {
        return snapshot.status(run, control.state(), control.waitingFor());
    }

    /** Metrics and rollouts, as far as the learner is. */
    public LearnerSnapshot snapshot() {
        return snapshot;
    }

    private void work() {
        try (LearnerResources learner = resources.open()) {
            try (MetricsLog metrics = logs.open(learner.state.step())) {
                snapshot = new LearnerSnapshot(learner, metrics);
                learner.publisher.publish(learner.state.step());
                started.complete(learner.state.step());
                TrainingLoop loop =
                        new TrainingLoop(run, learner, metrics, heldOut, control, snapshot, watchdog, progress, time);
                loop.run();
                loop.finish();
                snapshot.refresh(learner); // readers of the final state see the last version
                control.setState(control.isStopping() ? "stopped" : "finished", "");
                RunSummary summary = new RunSummary();
                metrics.forEach(summary::add);
                summary.write(
                        run.folder().resolve("summary.json"),
                        run.name(),
                        control.state(),
                        learner.state.step(),
                        learner.publisher.version());
                finished.complete(learner.state.step());
            }
        } catch (InterruptedException | RuntimeException e) {
            log.warn("the learner stopped: {}", e.toString(), e); // its waiters report it
            control.setState("failed", "");
            started.completeExceptionally(e);
            finished.completeExceptionally(e);
        } finally {
            watchdog.done(NAME);
        }
    }

    /** Finishes the step in progress, writes a checkpoint and the summary. */
    @Override
    public void close() {
        control.stop();
        try {
            thread.join(STEP.plus(run.training().ckpt().timeout()).toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            throw new ForetellException(
                    ErrorCode.TIMEOUT, "the learner did not finish its step and its checkpoint in time");
        }
    }
}
