package io.foretell.learner;

import io.foretell.domain.ScoredGroup;
import io.foretell.learner.checkpoint.CheckpointWriter;
import io.foretell.learner.evaluation.HeldOutDocuments;
import io.foretell.learner.metrics.MetricsLog;
import io.foretell.learner.metrics.StepMetrics;
import io.foretell.platform.Deadline;
import io.foretell.platform.Time;
import io.foretell.platform.Watchdog;
import io.foretell.policy.ModelTime;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Take a batch of groups, update the policy, publish the version, now and then evaluate and write a checkpoint; until
 * the phases are over, the step asked for is reached, or it is stopped. Confined to the learner's thread.
 */
final class TrainingLoop {
    private static final Logger log = LoggerFactory.getLogger(TrainingLoop.class);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final Duration HELD_OUT = Duration.ofSeconds(5);
    private static final double WORST_MISMATCH = 1e-2;

    private final TrainingPlan run;
    private final LearnerState state;
    private final MetricsLog metrics;
    private final HeldOutDocuments heldOut;
    private final LearnerControl control;
    private final LearnerSnapshot snapshot;
    private final Watchdog watchdog;
    private final Consumer<Learner.ProgressLine> progress;
    private final Time time;
    private CheckpointWriter.@Nullable Written finished;
    private double checkpointed; // seconds that the checkpoint of the step before has taken from this one

    TrainingLoop(
            TrainingPlan run,
            LearnerState state,
            MetricsLog metrics,
            HeldOutDocuments heldOut,
            LearnerControl control,
            LearnerSnapshot snapshot,
            Watchdog watchdog,
            Consumer<Learner.ProgressLine> progress,
            Time time) {
        this.run = run;
        this.state = state;
        this.metrics = metrics;
        this.heldOut = heldOut;
        this.control = control;
        this.snapshot = snapshot;
        this.watchdog = watchdog;
        this.progress = progress;
        this.time = time;
    }

    void run() throws InterruptedException {
        int evaluated = -1;
        while (!control.isStopping()
                && state.step() < run.untilStep()
                && run.phaseOf(state.step() + 1) < run.phases().size()) {
            int phase = run.phaseOf(state.step() + 1);
            if (run.training().eval().beforeTrain() && state.step() == run.stepsBefore(phase) && phase != evaluated) {
                evaluated = phase;
                awaitHeldOut();
                evaluate(phase);
            }
            step(phase);
        }
    }

    /** The last version and checkpoint; where the phases are over, and it is asked for, also the mean of the last ones. */
    void finish() {
        state.publishLast();
        if (state.step() > state.checkpointing().step()) {
            checkpoint();
        }
        awaitCheckpoint();
        boolean over = run.phaseOf(state.step() + 1) == run.phases().size();
        if (over && !control.isStopping() && state.publishAverage()) {
            evaluate(run.phases().size() - 1);
        }
    }

    /** Held-out documents arrive through Kafka like all others: the first evaluation waits a little for them. */
    private void awaitHeldOut() throws InterruptedException {
        control.setState("training", "held-out documents");
        Deadline deadline = time.deadline(HELD_OUT);
        while (heldOut.toThinkAbout().isEmpty() && !deadline.hasPassed() && !control.isStopping()) {
            time.sleep(POLL);
        }
        control.setState("training", "");
    }

    private void step(int phase) throws InterruptedException {
        long begin = time.nanos();
        long busyBefore = ModelTime.busyNanos();
        List<ScoredGroup> groups = BatchOrder.ordered(awaitGroups(phase));
        if (groups.isEmpty()) {
            return;
        }
        double waited = time.secondsSince(begin);
        long trainBegin = time.nanos();
        long step = state.step() + 1;
        double rate = state.learningRate(phase);
        List<ScoredGroup> batch = run.rewarded(groups, step);
        RewardKl.Found withKl = state.withRewardKl(phase, batch);
        List<ScoredGroup> replayed = state.replayed();
        TrainingStep.Outcome outcome = state.train(BatchOrder.mixed(withKl.groups(), replayed), rate);
        outcome.refusals()
                .forEach(refusal -> log.warn(
                        "an update of step {} is skipped: {}; groups {}", step, refusal.reason(), refusal.groups()));
        if (outcome.isSkipped() && outcome.refusals().isEmpty()) {
            log.warn(
                    "step {} changes nothing: nothing can be learnt from its groups, as where rewards are equal", step);
        }
        double trained = time.secondsSince(trainBegin);
        long versionBefore = state.version();
        StepMetrics row = new StepMetrics()
                .put("step", step)
                .put("phase", run.phases().get(phase).objective())
                .put("phase_index", phase)
                .put("time", time.instant().toString())
                .put("batch/groups", batch.size())
                .put("batch/sha256", BatchOrder.digest(batch))
                .put("batch/replayed", replayed.size())
                .groups(batch, versionBefore)
                .roles(batch, run.objectives().get(phase))
                .put("skipped", outcome.isSkipped() ? 1 : 0)
                .put("updates/refused", outcome.refusals().size());
        if (!outcome.refusals().isEmpty()) {
            row.put("updates/refusals", outcome.refusals());
        }
        UpdateMetrics.put(row, outcome, rate, run.settings().policyGradientLoss());
        withKl.put(row);
        long syncBegin = time.nanos();
        state.advance();
        state.publish();
        double synced = time.secondsSince(syncBegin);
        times(row, groups, outcome, time.secondsSince(begin) + checkpointed, waited, busyBefore)
                .put("timing_s/wait", waited)
                .put("timing_s/train", trained)
                .put("timing_s/sync", synced)
                .put("weight_sync/bytes", state.publishedBytes())
                .put("timing_s/checkpoint", checkpointed)
                .put("policy_version", state.version())
                .put("buffer/usable", state.usable())
                .put("groups/dropped", state.dropped());
        putCheckpoint(row);
        flagMismatch(row);
        state.remember(step, batch);
        metrics.add(row.values());
        checkpointed = checkpointIfDue(phase); // behind the row: no crash leaves a checkpoint whose step has no row
        snapshot.refresh(state);
        progress.accept(new Learner.ProgressLine(row.values(), run.totalSteps()));
        watchdog.progress(Learner.NAME);
        evaluateIfDue(phase);
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

    private List<ScoredGroup> awaitGroups(int phase) throws InterruptedException {
        state.ingest(Duration.ZERO);
        while (!control.isStopping()) {
            boolean paused = control.isPaused(); // before the wishes: what was wished before it resumed comes first
            if (control.takeCheckpointRequest()) {
                checkpoint();
            }
            if (control.takeAnnealRequest()) {
                awaitCheckpoint();
                state.anneal();
            }
            if (paused) {
                control.setState("paused", "being resumed");
                snapshot.refresh(state);
                watchdog.done(Learner.NAME);
                time.sleep(POLL);
                continue;
            }
            control.setState("training", control.waitingFor());
            List<ScoredGroup> groups = state.take(phase);
            if (!groups.isEmpty()) {
                control.setState("training", "");
                return groups;
            }
            String waitingFor =
                    "scored groups of phase " + run.phases().get(phase).objective() + " (" + state.usable() + " of "
                            + run.settings().batch().promptsPerStep() + ")";
            control.setState("training", waitingFor);
            watchdog.waitingFor(Learner.NAME, waitingFor);
            state.announceDrops();
            state.ingest(POLL);
            snapshot.refresh(state);
        }
        return List.of();
    }

    private StepMetrics times(
            StepMetrics row,
            List<ScoredGroup> groups,
            TrainingStep.Outcome outcome,
            double wall,
            double waited,
            long busyBefore) {
        double generate =
                groups.stream().mapToDouble(g -> g.group().generationSeconds()).sum();
        double reward = groups.stream().mapToDouble(ScoredGroup::scoringSeconds).sum();
        long sampled = groups.stream()
                .flatMap(g -> g.group().rollouts().stream())
                .mapToLong(r -> r.sampledLength())
                .sum();
        if (generate > 0) {
            row.put("perf/sampling_tokens_per_s", sampled / generate);
        }
        double busy = (ModelTime.busyNanos() - busyBefore) / 1e9;
        return row.put("perf/training_tokens_per_s", outcome.tokens() / wall)
                .put("perf/total_num_tokens", outcome.tokens() + sampled)
                .put("perf/outside_model_share", Math.max(0, 1 - busy / wall))
                .put("timing_s/step", wall)
                .put("perf/wait_time_ratio", waited / wall)
                .put("timing_s/generate", generate)
                .put("timing_s/reward", reward);
    }

    private double checkpointIfDue(int phase) {
        boolean phaseEnds = run.phaseOf(state.step() + 1) != phase;
        if (state.step() % run.training().ckpt().interval() != 0 && !phaseEnds) {
            return 0;
        }
        return checkpoint();
    }

    /** Seconds that the step waits: for a copy in memory, and for a checkpoint before it that is still being written. */
    private double checkpoint() {
        long begin = time.nanos();
        awaitCheckpoint();
        state.checkpoint();
        return time.secondsSince(begin);
    }

    private void awaitCheckpoint() {
        long inProgress = state.checkpointing().inProgress();
        if (inProgress >= 0) {
            String waitingFor = "the checkpoint of step " + inProgress + " to be written";
            log.warn("step {} waits for {}: is the disk slow, or ckpt.interval too short?", state.step(), waitingFor);
            control.setState("training", waitingFor);
            watchdog.waitingFor(Learner.NAME, waitingFor);
        }
        state.checkpointing().await().ifPresent(written -> finished = written);
        control.setState("training", "");
    }

    /** A checkpoint that became whole since the last row. */
    private void putCheckpoint(StepMetrics row) {
        state.checkpointing().settle().ifPresent(written -> finished = written);
        if (finished != null) {
            row.put("checkpoint/step", finished.step())
                    .put("checkpoint/write_s", finished.seconds())
                    .put("checkpoint/bytes", finished.bytes());
            finished = null;
        }
    }

    private void evaluateIfDue(int phase) {
        int interval = run.training().eval().interval();
        boolean last = run.phaseOf(state.step() + 1) == run.phases().size() || state.step() == run.untilStep();
        if (last || interval > 0 && (state.step() - run.stepsBefore(phase)) % interval == 0) {
            evaluate(phase);
        }
    }

    private void evaluate(int phase) {
        long begin = time.nanos();
        Map<String, Double> measures = state.evaluate(heldOut);
        if (measures.isEmpty()) {
            return;
        }
        StepMetrics row = new StepMetrics()
                .put("step", state.step())
                .put("phase", run.phases().get(phase).objective())
                .put("phase_index", phase)
                .put("time", time.instant().toString());
        measures.forEach(row::put);
        row.put("timing_s/evaluate", time.secondsSince(begin));
        metrics.add(row.values());
        progress.accept(new Learner.ProgressLine(row.values(), run.totalSteps()));
    }
}
