package io.foretell.learner;

import io.foretell.objectives.AdvantageEstimator;
import io.foretell.objectives.PolicyInUse;
import io.foretell.objectives.PolicyVersion;
import io.foretell.objectives.ScoredGroup;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.policy.Policy;
import io.foretell.policy.WeightAverage;
import io.foretell.streams.GroupReader;
import io.foretell.streams.PolicyFeed;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
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

    private final LearnerRun run;
    private final ExperienceBuffer buffer;
    private final GroupReader reader;
    private final CheckpointStore checkpoints;
    private final CheckpointWriter writer;
    private final PolicyStore policies;
    private final PolicyFeed feed;
    private final Policy policy;
    private final TrainingStep training;
    private final Evaluation evaluation;
    private final RecentRollouts rollouts;
    private long step;
    private long checkpointed = -1;
    private long resumedAt = -1;
    private long annealFrom = Long.MAX_VALUE;
    private long announcedDrops;
    private PolicyStore.Published published = new PolicyStore.Published(-1, Path.of(""), Map.of(), 0);

    private LearnerState(
            LearnerRun run,
            ExperienceBuffer buffer,
            GroupReader reader,
            CheckpointStore checkpoints,
            PolicyStore policies,
            PolicyFeed feed,
            Policy policy) {
        this.run = run;
        this.buffer = buffer;
        this.reader = reader;
        this.checkpoints = checkpoints;
        this.policies = policies;
        this.feed = feed;
        this.policy = policy;
        this.writer = new CheckpointWriter(
                policy,
                run.origin(),
                checkpoints,
                buffer::sync,
                run.checkpoints().async(),
                run.checkpoints().timeout());
        this.training = new TrainingStep(policy, run.settings());
        this.evaluation =
                new Evaluation(policy, run.objectives().get(run.objectives().size() - 1), run.evaluation());
        this.rollouts = new RecentRollouts(
                policy.tokenizer(), AdvantageEstimator.parse(run.settings().advEstimator()));
    }

    /**
     * Opens everything on the calling thread, which owns it from then on.
     *
     * @param reader makes the reader of scored groups from the buffer's positions
     */
    public static LearnerState open(
            LearnerRun run,
            ExperienceBuffer buffer,
            Function<Map<Integer, Long>, GroupReader> reader,
            PolicyFeed feed) {
        CheckpointStore checkpoints = new CheckpointStore(
                run.folder().resolve("checkpoints"), run.checkpoints().keepLast());
        Optional<CheckpointStore.Loaded> loaded = switch (run.resumeMode()) {
            case "auto" -> checkpoints.loadLatest();
            case "disable" -> Optional.empty();
            default -> Optional.of(checkpoints.loadFrom(Path.of(run.resumeMode())));
        };
        Path weights = loaded.map(CheckpointStore.Loaded::folder).orElse(run.origin());
        Policy policy = Policy.open(weights, run.policyOptions());
        LearnerState state = new LearnerState(
                run,
                buffer,
                reader.apply(buffer.positions()),
                checkpoints,
                new PolicyStore(run.folder().resolve("policies"), false),
                feed,
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
            policy.loadOptimizer(loaded.get().folder(), "optimizer");
            step = saved.step();
            checkpointed = step;
            resumedAt = step;
            annealFrom = saved.counters().getOrDefault(CheckpointState.ANNEAL_FROM, Long.MAX_VALUE);
            training.guard().restart(saved.recentLosses());
        }
        int again = buffer.rewindTo(step);
        if (again > 0 || step > 0) {
            log.info("resumed step={} groupsUsableAgain={}", step, again);
        }
    }

    long step() {
        return step;
    }

    long checkpointedStep() {
        return checkpointed;
    }

    long version() {
        return published.version();
    }

    /** Bytes of the version published last. */
    long publishedBytes() {
        return published.bytes();
    }

    /** What the workers that are alive work with. */
    List<PolicyInUse> consumers() {
        return feed.inUse();
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
    }

    private String refusal(ScoredGroup group) {
        int phase = group.task().phase();
        boolean filter = run.settings().filterGroups().enable();
        return phase < run.objectives().size()
                ? Admission.refusal(group, run.objectives().get(phase), step + 1 - run.stepsBefore(phase), filter)
                : Admission.refusal(group, filter);
    }

    List<ScoredGroup> take(int phase) {
        int maxOffPolicy = run.strictlyOnPolicy() ? 0 : run.settings().maxOffPolicySteps();
        return buffer.take(phase, run.settings().promptsPerStep(), step + 1, step, maxOffPolicy);
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

    /** In phases that sample nothing the teacher is the policy itself, so that it starts equal in the next. */
    TrainingStep.Outcome train(int phase, List<ScoredGroup> groups, double learningRate) {
        double decay = isSampled(step + 1) ? run.emaDecay() : 0;
        return training.run(run.objectives().get(phase), groups, learningRate, decay);
    }

    private boolean isSampled(long atStep) {
        int phase = run.phaseOf(atStep);
        return phase < run.phases().size() && run.objectives().get(phase).isSampled();
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
                .anyMatch(this::isSampled);
        if (published.version() < 0 || sampledSoon || step % UNSAMPLED_INTERVAL == 0) {
            publishWeights();
        }
        announce();
    }

    /** Publishes the weights as they are now, unless they are published already. */
    void publishLast() {
        if (published.version() != step) {
            publishWeights();
            announce();
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
        published = policies.publish(step + 1, folder -> WeightAverage.write(folders, folder));
        policy.load(published.folder());
        announce();
        log.info("the mean of {} checkpoints is published as version {}", folders.size(), published.version());
        return true;
    }

    private void publishWeights() {
        Path origin = run.origin();
        published = policies.publish(step, folder -> policy.save(folder, origin));
        policies.retain(
                run.policiesKept(),
                feed.inUse().stream().map(PolicyInUse::version).collect(Collectors.toSet()));
    }

    /**
     * Tells the feeder of groups dropped since the last announcement: it has to replace them, or the last step of a phase
     * would wait for ever.
     */
    void announceDrops() {
        if (dropped() != announcedDrops) {
            announce();
        }
    }

    private void announce() {
        announcedDrops = dropped();
        feed.publish(new PolicyVersion(
                run.name(),
                published.version(),
                published.folder().toAbsolutePath().toString(),
                published.files(),
                step,
                Math.min(run.phaseOf(step + 1), run.phases().size() - 1),
                buffer.usedPerPhase(run.phases().size()),
                buffer.droppedPerPhase(run.phases().size())));
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
                published.version(),
                annealFrom == Long.MAX_VALUE ? Map.of() : Map.of(CheckpointState.ANNEAL_FROM, annealFrom),
                Map.of("seed", Long.toString(run.seed())),
                buffer.positions(),
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
        rollouts.add(atStep, groups);
    }

    @Override
    public void close() {
        reader.close();
        writer.close();
        buffer.close();
        policy.close();
    }
}
