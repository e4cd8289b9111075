package io.foretell.learner;

import io.foretell.objectives.OverlongShaping;
import io.foretell.objectives.ScoredGroup;
import io.foretell.objectives.ShuffledRewards;
import io.foretell.platform.Watchdog;
import io.foretell.policy.ModelTime;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Take a batch of groups, update the policy, publish the version, now and then evaluate and write a checkpoint; until
 * the phases are over, the step asked for is reached, or it is stopped. Confined to the learner's thread.
 */
final class TrainingLoop {
    private static final Logger log = LoggerFactory.getLogger(TrainingLoop.class);
    private static final Duration POLL = Duration.ofMillis(50);
    private static final double WORST_MISMATCH = 1e-2;

    private final LearnerRun run;
    private final LearnerState state;
    private final MetricsLog metrics;
    private final HeldOutDocuments heldOut;
    private final LearnerControl control;
    private final LearnerSnapshot snapshot;
    private final Watchdog watchdog;
    private final Consumer<Learner.ProgressLine> progress;
    private final InstantSource clock;

    TrainingLoop(
            LearnerRun run,
            LearnerState state,
            MetricsLog metrics,
            HeldOutDocuments heldOut,
            LearnerControl control,
            LearnerSnapshot snapshot,
            Watchdog watchdog,
            Consumer<Learner.ProgressLine> progress,
            InstantSource clock) {
        this.run = run;
        this.state = state;
        this.metrics = metrics;
        this.heldOut = heldOut;
        this.control = control;
        this.snapshot = snapshot;
        this.watchdog = watchdog;
        this.progress = progress;
        this.clock = clock;
    }

    void run() throws InterruptedException {
        int evaluated = -1;
        while (!control.isStopping()
                && state.step() < run.untilStep()
                && run.phaseOf(state.step() + 1) < run.phases().size()) {
            int phase = run.phaseOf(state.step() + 1);
            if (run.evaluation().beforeTrain() && state.step() == run.stepsBefore(phase) && phase != evaluated) {
                evaluated = phase;
                awaitHeldOut();
                evaluate(phase);
            }
            step(phase);
        }
    }

    /** Held-out documents arrive through Kafka like all others: the first evaluation waits a little for them. */
    private void awaitHeldOut() throws InterruptedException {
        control.is("training", "held-out documents");
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (heldOut.toThinkAbout().isEmpty() && System.nanoTime() < deadline && !control.isStopping()) {
            Thread.sleep(POLL.toMillis());
        }
        control.is("training", "");
    }

    private void step(int phase) throws InterruptedException {
        long begin = System.nanoTime();
        long busyBefore = ModelTime.busyNanos();
        List<ScoredGroup> groups = awaitGroups(phase);
        if (groups.isEmpty()) {
            return;
        }
        double waited = seconds(begin);
        long trainBegin = System.nanoTime();
        long step = state.step() + 1;
        double rate = run.learningRate(phase, step);
        List<ScoredGroup> batch = rewarded(groups, step);
        TrainingStep.Outcome outcome = state.train(phase, batch, rate);
        if (outcome.isSkipped()) {
            log.warn(
                    outcome.offenders().isEmpty()
                            ? "step {} is skipped: there is nothing to learn from its groups {}"
                            : "step {} is skipped: loss or gradient are no numbers from these groups on: {}",
                    step,
                    outcome.offenders());
        }
        double trained = seconds(trainBegin);
        long versionBefore = state.version();
        StepMetrics row = new StepMetrics()
                .put("step", step)
                .put("phase", run.phases().get(phase).objective())
                .put("phase_index", phase)
                .put("time", clock.instant().toString())
                .groups(batch, versionBefore)
                .put("skipped", outcome.isSkipped() ? 1 : 0);
        UpdateMetrics.put(row, outcome, rate, run.settings().loss());
        long syncBegin = System.nanoTime();
        state.advance();
        state.publish();
        double synced = seconds(syncBegin);
        double checkpointed = checkpointIfDue(phase);
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
        progress.accept(new Learner.ProgressLine(row.values(), run.totalSteps()));
        watchdog.progress(Learner.NAME);
        evaluateIfDue(phase);
    }

    /** The groups with the rewards that are trained on. */
    private List<ScoredGroup> rewarded(List<ScoredGroup> groups, long step) {
        OverlongShaping overlong = run.overlong();
        List<ScoredGroup> shaped = overlong == null ? groups : overlong.of(groups);
        return run.shuffleRewards() ? ShuffledRewards.of(shaped, new SplittableRandom(run.seed() * 31 + step)) : shaped;
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
            if (control.isPaused()) {
                control.is("paused", "being resumed");
                watchdog.done(Learner.NAME);
                Thread.sleep(POLL.toMillis());
                continue;
            }
            control.is("training", control.waitingFor());
            if (control.takeCheckpointWish()) {
                state.checkpoint();
            }
            List<ScoredGroup> groups = state.take(phase);
            if (!groups.isEmpty()) {
                control.is("training", "");
                return groups;
            }
            String waitingFor =
                    "scored groups of phase " + run.phases().get(phase).objective() + " (" + state.usable() + " of "
                            + run.settings().promptsPerStep() + ")";
            control.is("training", waitingFor);
            watchdog.waitingFor(Learner.NAME, waitingFor);
            state.announceDrops();
            state.ingest(POLL);
            snapshot.refresh(state);
        }
        return List.of();
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

    private double checkpointIfDue(int phase) {
        boolean phaseEnds = run.phaseOf(state.step() + 1) != phase;
        if (state.step() % run.checkpointInterval() != 0 && !phaseEnds) {
            return 0;
        }
        long begin = System.nanoTime();
        state.checkpoint();
        return seconds(begin);
    }

    private void evaluateIfDue(int phase) {
        int interval = run.evaluation().interval();
        boolean last = run.phaseOf(state.step() + 1) == run.phases().size() || state.step() == run.untilStep();
        if (last || interval > 0 && (state.step() - run.stepsBefore(phase)) % interval == 0) {
            evaluate(phase);
        }
    }

    private void evaluate(int phase) {
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
        progress.accept(new Learner.ProgressLine(row.values(), run.totalSteps()));
    }

    private static double seconds(long since) {
        return (System.nanoTime() - since) / 1e9;
    }
}
