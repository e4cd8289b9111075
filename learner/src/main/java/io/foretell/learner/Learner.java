package io.foretell.learner;

import io.foretell.objectives.ScoredGroup;
import io.foretell.objectives.ShuffledRewards;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Watchdog;
import io.foretell.policy.ModelTime;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The learner's loop: take a batch of groups, update the policy, publish the version, now and then evaluate and write a
 * checkpoint; until the phases are over, the step asked for is reached, or it is stopped. All work happens on one thread
 * of its own; the public methods are thread-safe.
 */
public final class Learner implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Learner.class);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final String NAME = "learner";
    private static final double WORST_MISMATCH = 1e-2;

    private final LearnerRun run;
    private final HeldOutDocuments heldOut;
    private final MetricsLogFactory logs;
    private final Watchdog watchdog;
    private final Consumer<ProgressLine> progress;
    private final InstantSource clock;
    private final CompletableFuture<Long> started = new CompletableFuture<>();
    private final CompletableFuture<Long> finished = new CompletableFuture<>();
    private final LearnerStateFactory states;
    private final Thread thread;
    private volatile boolean stopping;
    private volatile boolean paused;
    private volatile boolean checkpointWanted;
    private volatile String waitingFor = "";
    private volatile String phaseState = "starting";
    private volatile LearnerSnapshot snapshot;

    /** Opens the learner's resources, on the learner's thread. */
    @FunctionalInterface
    public interface LearnerStateFactory {
        LearnerState open();
    }

    /** Opens the metrics log once the step to go on from is known. */
    @FunctionalInterface
    public interface MetricsLogFactory {
        MetricsLog open(long step);
    }

    /** What a progress line is made of. */
    public record ProgressLine(Map<String, Object> metrics, long totalSteps) {}

    public Learner(
            LearnerRun run,
            LearnerStateFactory states,
            HeldOutDocuments heldOut,
            MetricsLogFactory logs,
            Watchdog watchdog,
            Consumer<ProgressLine> progress,
            InstantSource clock) {
        this.run = run;
        this.states = states;
        this.heldOut = heldOut;
        this.logs = logs;
        this.watchdog = watchdog;
        this.progress = progress;
        this.clock = clock;
        this.snapshot = LearnerSnapshot.NOTHING;
        this.thread = new Thread(this::work, NAME);
        thread.start();
    }

    /** Completes with the step it goes on from once the first version is published; fails when it cannot start. */
    public CompletableFuture<Long> started() {
        return started;
    }

    /** Completes with the last step when the run is over or was stopped; fails when the learner cannot go on. */
    public CompletableFuture<Long> finished() {
        return finished;
    }

    public void pause() {
        paused = true;
    }

    public void resume() {
        paused = false;
    }

    /** Asks for a checkpoint after the step in progress. */
    public void checkpoint() {
        checkpointWanted = true;
    }

    public LearnerStatus status() {
        return snapshot.status(run, phaseState, waitingFor);
    }

    /** Metrics and rollouts, as far as the learner is. */
    public LearnerSnapshot snapshot() {
        return snapshot;
    }

    private void work() {
        try (LearnerState state = states.open()) {
            try (MetricsLog metrics = logs.open(state.step())) {
                snapshot = new LearnerSnapshot(state, metrics);
                state.publish();
                started.complete(state.step());
                loop(state, metrics);
                if (state.step() > state.checkpointedStep()) {
                    state.checkpoint();
                }
                phaseState = stopping ? "stopped" : "finished";
                snapshot.refresh(state);
                RunSummary.write(
                        run.folder().resolve("summary.json"),
                        run.name(),
                        phaseState,
                        state.step(),
                        state.version(),
                        metrics.since(-1));
                finished.complete(state.step());
            }
        } catch (InterruptedException | RuntimeException e) {
            log.error("the learner stopped: {}", e.toString(), e);
            phaseState = "failed";
            started.completeExceptionally(e);
            finished.completeExceptionally(e);
        } finally {
            watchdog.done(NAME);
        }
    }

    private void loop(LearnerState state, MetricsLog metrics) throws InterruptedException {
        int evaluated = -1;
        while (!stopping
                && state.step() < run.untilStep()
                && run.phaseOf(state.step() + 1) < run.phases().size()) {
            int phase = run.phaseOf(state.step() + 1);
            if (run.evaluation().beforeTrain() && state.step() == run.stepsBefore(phase) && phase != evaluated) {
                evaluated = phase;
                awaitHeldOut();
                evaluate(state, metrics, phase);
            }
            step(state, metrics, phase);
        }
    }

    /** Held-out documents arrive through Kafka like all others: the first evaluation waits a little for them. */
    private void awaitHeldOut() throws InterruptedException {
        waitingFor = "held-out documents";
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (heldOut.toThinkAbout().isEmpty() && System.nanoTime() < deadline && !stopping) {
            Thread.sleep(POLL.toMillis());
        }
        waitingFor = "";
    }

    private void step(LearnerState state, MetricsLog metrics, int phase) throws InterruptedException {
        long begin = System.nanoTime();
        long busyBefore = ModelTime.busyNanos();
        List<ScoredGroup> groups = awaitGroups(state, phase);
        if (groups.isEmpty()) {
            return;
        }
        double waited = seconds(begin);
        long trainBegin = System.nanoTime();
        long step = state.step() + 1;
        double rate = learningRate(phase, step);
        List<ScoredGroup> batch = run.shuffleRewards()
                ? ShuffledRewards.of(groups, new SplittableRandom(run.seed() * 31 + step))
                : groups;
        TrainingStep.Outcome outcome = state.train(phase, batch, rate);
        if (outcome.isSkipped()) {
            log.warn(
                    "step {} is skipped: its gradient is not finite; groups {}",
                    step,
                    batch.stream().map(ScoredGroup::id).toList());
        }
        double trained = seconds(trainBegin);
        long versionBefore = state.version();
        StepMetrics row = new StepMetrics()
                .put("step", step)
                .put("phase", run.phases().get(phase).objective())
                .put("phase_index", phase)
                .put("time", clock.instant().toString())
                .groups(batch, versionBefore)
                .update(outcome, rate)
                .put("skipped", outcome.isSkipped() ? 1 : 0);
        long syncBegin = System.nanoTime();
        state.advance();
        state.publish();
        double synced = seconds(syncBegin);
        double checkpointed = checkpointIfDue(state, phase);
        times(row, groups, outcome, begin, busyBefore)
                .put("timing_s/wait", waited)
                .put("timing_s/train", trained)
                .put("timing_s/sync", synced)
                .put("timing_s/checkpoint", checkpointed)
                .put("policy_version", state.version())
                .put("buffer/usable", state.usable())
                .put("groups/dropped", state.dropped());
        flagMismatch(row);
        state.remember(step, batch);
        metrics.add(row.values());
        snapshot.refresh(state);
        progress.accept(new ProgressLine(row.values(), run.totalSteps()));
        watchdog.progress(NAME);
        evaluateIfDue(state, metrics, phase);
    }

    /** At the same version sampler and learner must agree but for float noise; more is a bug or a foreign sampler. */
    private static void flagMismatch(StepMetrics row) {
        boolean fresh = Double.valueOf(0).equals(row.values().get("staleness/max"));
        Object largest = row.values().get("training/rollout_logprobs_abs_diff_max");
        if (fresh && largest instanceof Double difference && difference > WORST_MISMATCH) {
            row.put("mismatch/flagged", 1);
            log.error(
                    "sampler and learner disagree at the same version: a token's log-probability differs by {} nats",
                    difference);
        }
    }

    private List<ScoredGroup> awaitGroups(LearnerState state, int phase) throws InterruptedException {
        state.ingest(Duration.ZERO);
        while (!stopping) {
            if (paused) {
                phaseState = "paused";
                waitingFor = "being resumed";
                watchdog.done(NAME);
                Thread.sleep(POLL.toMillis());
                continue;
            }
            phaseState = "training";
            if (checkpointWanted) {
                checkpointWanted = false;
                state.checkpoint();
            }
            List<ScoredGroup> groups = state.take(phase);
            if (!groups.isEmpty()) {
                waitingFor = "";
                return groups;
            }
            waitingFor = "scored groups of phase " + run.phases().get(phase).objective() + " (" + state.usable()
                    + " of " + run.settings().promptsPerStep() + ")";
            watchdog.waitingFor(NAME, waitingFor);
            state.ingest(POLL);
            snapshot.refresh(state);
        }
        return List.of();
    }

    private double learningRate(int phase, long step) {
        PhaseSettings settings = run.phases().get(phase);
        LearnerSettings learner = run.settings();
        return LearningRate.at(
                step - run.stepsBefore(phase),
                settings.steps() == null ? Long.MAX_VALUE : settings.steps(),
                settings.lrSchedule() == null ? learner.lrSchedule() : settings.lrSchedule(),
                settings.learningRate() == null ? learner.learningRate() : settings.learningRate(),
                settings.warmupSteps() == null ? learner.warmupSteps() : settings.warmupSteps(),
                learner.minLrRatio());
    }

    private StepMetrics times(
            StepMetrics row, List<ScoredGroup> groups, TrainingStep.Outcome outcome, long begin, long busyBefore) {
        double wall = seconds(begin);
        double generate =
                groups.stream().mapToDouble(g -> g.group().generationSeconds()).sum();
        double reward = groups.stream().mapToDouble(ScoredGroup::scoringSeconds).sum();
        long sampled = groups.stream()
                .flatMap(g -> g.group().rollouts().stream())
                .mapToLong(r -> r.sampled())
                .sum();
        if (generate > 0) {
            row.put("perf/sampling_tokens_per_s", sampled / generate);
        }
        double busy = (ModelTime.busyNanos() - busyBefore) / 1e9;
        return row.put("perf/training_tokens_per_s", outcome.tokens() / wall)
                .put("perf/total_num_tokens", outcome.tokens() + sampled)
                .put("perf/outside_model_share", Math.max(0, 1 - busy / wall))
                .put("timing_s/step", wall)
                .put("timing_s/generate", generate)
                .put("timing_s/reward", reward);
    }

    private double checkpointIfDue(LearnerState state, int phase) {
        boolean phaseEnds = run.phaseOf(state.step() + 1) != phase;
        if (state.step() % run.checkpointInterval() != 0 && !phaseEnds) {
            return 0;
        }
        long begin = System.nanoTime();
        state.checkpoint();
        return seconds(begin);
    }

    private void evaluateIfDue(LearnerState state, MetricsLog metrics, int phase) {
        int interval = run.evaluation().interval();
        boolean last = run.phaseOf(state.step() + 1) == run.phases().size() || state.step() == run.untilStep();
        if (last || interval > 0 && (state.step() - run.stepsBefore(phase)) % interval == 0) {
            evaluate(state, metrics, phase);
        }
    }

    private void evaluate(LearnerState state, MetricsLog metrics, int phase) {
        long begin = System.nanoTime();
        Map<String, Double> measures = state.evaluate(heldOut);
        if (measures.isEmpty()) {
            return;
        }
        StepMetrics row = new StepMetrics()
                .put("step", state.step())
                .put("phase", run.phases().get(phase).objective())
                .put("phase_index", phase)
                .put("time", clock.instant().toString());
        measures.forEach(row::put);
        row.put("timing_s/evaluate", seconds(begin));
        metrics.add(row.values());
        progress.accept(new ProgressLine(row.values(), run.totalSteps()));
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }

    /** Finishes the step in progress, writes a checkpoint and the summary. */
    @Override
    public void close() {
        stopping = true;
        try {
            thread.join(TimeUnit.SECONDS.toMillis(60));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (thread.isAlive()) {
            throw new ForetellException(ErrorCode.TIMEOUT, "the learner did not finish its step within 60 s");
        }
    }
}
