package io.foretell.learner;

import io.foretell.objectives.AdvantageEstimator;
import io.foretell.objectives.PolicyInUse;
import io.foretell.objectives.ScoredGroup;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.policy.Policy;
import io.foretell.streams.DeadLetterReader;
import io.foretell.streams.GroupReader;
import io.foretell.streams.PolicyFeed;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the learner has in its hands: the model being trained, the buffer, checkpoints and published versions, and how
 * far it is. Opening it goes back to the last checkpoint and makes exactly the groups used after it usable again.
 * Confined to the learner's thread.
 */
public final class LearnerState implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(LearnerState.class);
    private static final int UNSAMPLED_INTERVAL = 50;
    private static final Duration SKIP_POLL = Duration.ofMillis(100);
    private static final Duration SKIP = Duration.ofMinutes(2);
    private static final String NOT_RESTORED = "not restored";
    private static final String REWARD_KL = "reward_kl";

    private final LearnerRun run;
    private final ExperienceBuffer buffer;
    private final GroupReader reader;
    private final DeadLetterReader deadLetters;
    private final CheckpointStore checkpoints;
    private final CheckpointWriter writer;
    private final Publishing publishing;
    private final Policy policy;
    private final KlControl klControl;
    private final RewardKl rewardKl;
    private final TrainingStep training;
    private final Evaluation evaluation;
    private final RecentRollouts rollouts;
    private VersionHistory versions;
    private long step;
    private long checkpointed = -1;
    private long resumedAt = -1;
    private long annealFrom = Long.MAX_VALUE;

    private LearnerState(
            LearnerRun run,
            ExperienceBuffer buffer,
            GroupReader reader,
            DeadLetterReader deadLetters,
            CheckpointStore checkpoints,
            Publishing publishing,
            Policy policy) {
        this.run = run;
        this.buffer = buffer;
        this.reader = reader;
        this.deadLetters = deadLetters;
        this.checkpoints = checkpoints;
        this.publishing = publishing;
        this.policy = policy;
        this.writer = new CheckpointWriter(
                policy,
                run.origin(),
                checkpoints,
                buffer::sync,
                run.checkpoints().async(),
                run.checkpoints().timeout());
        this.training = new TrainingStep(policy, run.settings());
        this.klControl = new KlControl(run.settings().klCtrl());
        this.rewardKl = new RewardKl(policy, run.settings(), klControl);
        this.evaluation =
                new Evaluation(policy, run.objectives().get(run.objectives().size() - 1), run.evaluation());
        this.rollouts = new RecentRollouts(
                policy.tokenizer(), AdvantageEstimator.parse(run.settings().advEstimator()));
        this.versions = history(Map.of());
    }

    private VersionHistory history(Map<Long, String> fingerprints) {
        int needed = run.settings().maxOffPolicySteps() + 2;
        return new VersionHistory(Math.max(run.policiesKept(), needed), fingerprints);
    }

    /**
     * Opens everything on the calling thread, which owns it from then on.
     *
     * @param reader makes the reader of scored groups from the buffer's positions
     * @param deadLetters says which spawned tasks will never be answered
     */
    public static LearnerState open(
            LearnerRun run,
            ExperienceBuffer buffer,
            Function<Map<Integer, Long>, GroupReader> reader,
            DeadLetterReader deadLetters,
            PolicyFeed feed) {
        CheckpointStore checkpoints = new CheckpointStore(
                run.folder().resolve("checkpoints"), run.checkpoints().keepLast());
        Optional<CheckpointStore.Loaded> loaded = switch (run.resumeMode()) {
            case "auto" -> checkpoints.loadLatest();
            case "disable" -> Optional.empty();
            default -> Optional.of(checkpoints.loadFrom(Path.of(run.resumeMode())));
        };
        boolean isWeights = run.restored().contains(Restored.WEIGHTS);
        Path weights = loaded.filter(found -> isWeights)
                .map(CheckpointStore.Loaded::folder)
                .orElse(run.origin());
        Policy policy = Policy.open(weights, run.policyOptions());
        LearnerState state = new LearnerState(
                run,
                buffer,
                reader.apply(buffer.positions()),
                deadLetters,
                checkpoints,
                new Publishing(run, buffer, policy, feed),
                policy);
        state.restore(loaded);
        return state;
    }

    private void restore(Optional<CheckpointStore.Loaded> loaded) {
        policy.startTraining();
        if (loaded.isPresent()) {
            CheckpointState saved = loaded.get().state();
            if (!saved.tokenizerFingerprint().equals(policy.tokenizer().fingerprint())) {
                throw new ForetellException(
                        ErrorCode.CORRUPT,
                        "checkpoint " + loaded.get().folder() + " was written with another tokenizer");
            }
            if (run.restored().contains(Restored.OPTIMIZER)) {
                policy.loadOptimizer(loaded.get().folder(), "optimizer");
            }
            if (isOwn(loaded.get().folder())) {
                step = saved.step();
                checkpointed = step;
                annealFrom = saved.counters().getOrDefault(CheckpointState.ANNEAL_FROM, Long.MAX_VALUE);
                training.guard().restart(saved.recentLosses());
                Optional.ofNullable(saved.coefficients().get(REWARD_KL)).ifPresent(klControl::restore);
            }
            resumedAt = step;
            versions = history(run.restored().contains(Restored.WEIGHTS) ? saved.versions() : Map.of());
        }
        int again = buffer.rewindTo(step);
        if (loaded.isPresent() && !run.restored().contains(Restored.BUFFER)) {
            for (int phase = 0; phase < run.phases().size(); phase++) {
                buffer.dropPhase(phase, NOT_RESTORED);
            }
        }
        if (loaded.isPresent() && !run.restored().contains(Restored.POSITIONS)) {
            skipTopic();
        }
        if (again > 0 || step > 0) {
            log.info("resumed step={} groupsUsableAgain={}", step, again);
        }
    }

    /** A checkpoint of another run gives weights and optimizer; the place in the run is this run's. */
    private boolean isOwn(Path folder) {
        Path own = run.folder().resolve("checkpoints").toAbsolutePath().normalize();
        return folder.toAbsolutePath().normalize().startsWith(own);
    }

    /** Drops what is on the topic now; the feeder is told of it, so that it does not wait for what will not come. */
    private void skipTopic() {
        Map<Integer, Long> ends = reader.ends();
        long deadline = System.nanoTime() + SKIP.toNanos();
        while (ends.entrySet().stream()
                .anyMatch(end -> buffer.positions().getOrDefault(end.getKey(), 0L) < end.getValue())) {
            List<GroupReader.Received> records = reader.poll(SKIP_POLL);
            if (records.isEmpty() && reader.next().equals(ends)) {
                return;
            }
            buffer.ingest(records, group -> NOT_RESTORED);
            if (System.nanoTime() > deadline) {
                throw new ForetellException(
                        ErrorCode.TIMEOUT,
                        "what is on the topic of scored groups could not be skipped within " + SKIP.toSeconds() + " s");
            }
        }
    }

    long step() {
        return step;
    }

    long checkpointedStep() {
        return checkpointed;
    }

    long version() {
        return publishing.version();
    }

    /** Bytes of the version published last. */
    long publishedBytes() {
        return publishing.bytes();
    }

    /** What the workers that are alive work with. */
    List<PolicyInUse> consumers() {
        return publishing.consumers();
    }

    /** First step of the anneal, or null. */
    @Nullable
    Long annealFrom() {
        return annealFrom == Long.MAX_VALUE ? null : Long.valueOf(annealFrom);
    }

    long usable() {
        return buffer.usable(Math.min(run.phaseOf(step + 1), run.phases().size() - 1));
    }

    long dropped() {
        return buffer.droppedPerPhase(run.phases().size()).stream()
                .mapToLong(Long::longValue)
                .sum();
    }

    BufferStatus bufferStatus() {
        return buffer.status();
    }

    RecentRollouts rollouts() {
        return rollouts;
    }

    void ingest(Duration timeout) {
        List<GroupReader.Received> records = reader.poll(timeout);
        if (!records.isEmpty()) {
            buffer.ingest(records, this::refusal);
        }
        if (buffer.isWaiting()) {
            deadLetters.poll(Duration.ZERO, lost -> buffer.lose(lost.taskId(), this::refusal));
            buffer.giveUpWaiting(System.nanoTime(), run.settings().spawnedTimeout(), this::refusal);
        }
    }

    private String refusal(List<ScoredGroup> family) {
        int phase = family.get(0).task().phase();
        boolean filter = run.settings().filterGroups().enable();
        return phase < run.objectives().size()
                ? Admission.refusal(family, run.objectives().get(phase), step + 1 - run.stepsBefore(phase), filter)
                : Admission.refusal(family, filter);
    }

    List<ScoredGroup> take(int phase) {
        return Families.settled(
                buffer.take(
                        phase, run.settings().promptsPerStep(), step + 1, step, run.dropBeyond(), versions::refusal),
                run::objectiveOf);
    }

    /** Groups of long ago that the next step trains on as well. */
    List<ScoredGroup> replayed() {
        return Families.settled(buffer.replay(run.settings().promptsPerStep(), step + 1), run::objectiveOf);
    }

    /** Of the next step, which lies in {@code phase}. */
    double learningRate(int phase) {
        return run.learningRate(phase, step + 1, annealFrom, resumedAt);
    }

    /**
     * The next step is the first of the anneal; asked for again in the same phase it changes nothing. The checkpoint that
     * remembers it is the last before it, from which training could also go on without.
     */
    void anneal() {
        int phase = run.phaseOf(step + 1);
        if (annealFrom <= step && annealFrom > run.stepsBefore(phase)) {
            log.info("the anneal began at step {} already", annealFrom);
            return;
        }
        annealFrom = step + 1;
        checkpointed = -1;
        checkpoint();
        log.info("the learning rate anneals from step {} on", annealFrom);
    }

    /** The groups with the divergence from the teacher in their rewards, where that is wanted. */
    RewardKl.Found withRewardKl(int phase, List<ScoredGroup> groups) {
        return rewardKl.of(run.objectives().get(phase), groups);
    }

    TrainingStep.Outcome train(List<ScoredGroup> groups, double learningRate) {
        return training.run(run, groups, step + 1, learningRate);
    }

    /** Counts the step; a new phase begins with a fresh optimizer, and none of its losses is compared with earlier ones. */
    void advance() {
        int phase = run.phaseOf(step + 1);
        step++;
        if (run.phaseOf(step + 1) != phase) {
            policy.startTraining();
            training.guard().restart(List.of());
        }
        for (int over = 0; over < run.phaseOf(step + 1); over++) {
            buffer.dropPhase(over, "phase over"); // also what came late
        }
    }

    /** Announces the step; with new weights where somebody samples from them soon, or now and then. */
    void publish() {
        boolean sampledSoon = LongStream.rangeClosed(
                        step + 1, step + 1 + run.settings().maxOffPolicySteps())
                .anyMatch(run::isSampled);
        if (publishing.version() < 0 || sampledSoon || step % UNSAMPLED_INTERVAL == 0) {
            versions.add(step, publishing.weights(step));
        }
        publishing.announce(step);
    }

    /** Publishes the weights as they are now, unless they are published already. */
    void publishLast() {
        if (publishing.version() != step) {
            versions.add(step, publishing.weights(step));
            publishing.announce(step);
        }
    }

    /**
     * Publishes the mean of the last checkpoints as the version behind the last step, and goes over to it; false where
     * there is nothing to average. A run that is given more steps later goes on from its checkpoint, not from the mean.
     */
    boolean publishAverage() {
        List<Long> steps = checkpoints.steps();
        List<Path> folders =
                steps.subList(Math.max(0, steps.size() - run.checkpoints().averageLast()), steps.size()).stream()
                        .map(checkpoints::folder)
                        .toList();
        if (folders.size() < 2) {
            return false;
        }
        publishing.average(step, folders);
        log.info("the mean of {} checkpoints is published as version {}", folders.size(), version());
        return true;
    }

    /** Tells the feeder of groups dropped since the last announcement. */
    void announceDrops() {
        publishing.announceDrops(step);
    }

    /**
     * Begins the checkpoint of this step, unless it was begun already; when one before is still being written, waits for
     * it.
     */
    void checkpoint() {
        if (checkpointed == step) {
            return;
        }
        awaitCheckpoint();
        int phase = run.phaseOf(step + 1);
        writer.begin(new CheckpointState(
                step,
                phase,
                step - run.stepsBefore(phase),
                publishing.version(),
                annealFrom == Long.MAX_VALUE ? Map.of() : Map.of(CheckpointState.ANNEAL_FROM, annealFrom),
                Map.of("seed", Long.toString(run.seed())),
                Map.of(REWARD_KL, klControl.coefficient()),
                buffer.positions(),
                versions.fingerprints(),
                policy.tokenizer().fingerprint(),
                "",
                training.guard().recent()));
        checkpointed = step;
    }

    /** The step whose checkpoint is being written, or -1. */
    long checkpointInProgress() {
        return writer.writing();
    }

    /** The checkpoint begun last once it is whole, told once; what it makes needless is forgotten. */
    Optional<CheckpointWriter.Written> settleCheckpoint() {
        return writer.settle().map(this::settled);
    }

    /** As {@link #settleCheckpoint}, but waits for it. */
    Optional<CheckpointWriter.Written> awaitCheckpoint() {
        return writer.await().map(this::settled);
    }

    /** Bodies that no checkpoint needs any more can go. */
    private CheckpointWriter.Written settled(CheckpointWriter.Written written) {
        List<Long> steps = checkpoints.steps();
        if (steps.size() >= run.checkpoints().keepLast()) {
            steps.stream().min(Long::compare).ifPresent(buffer::forgetUsedUpTo);
        }
        return written;
    }

    Map<String, Double> evaluate(HeldOutDocuments documents) {
        return evaluation.run(documents);
    }

    void remember(long atStep, List<ScoredGroup> groups) {
        rollouts.add(atStep, groups, run.objectives().get(run.phaseOf(atStep)));
    }

    @Override
    public void close() {
        reader.close();
        writer.close();
        deadLetters.close();
        buffer.close();
        policy.close();
    }
}
