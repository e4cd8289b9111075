package io.foretell.learner;

import io.foretell.objectives.AdvantageEstimator;
import io.foretell.objectives.PolicyVersion;
import io.foretell.objectives.ScoredGroup;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.policy.Policy;
import io.foretell.streams.GroupReader;
import io.foretell.streams.PolicyFeed;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.LongStream;
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
    private static final int SPARE_VERSIONS = 8;
    private static final Duration SKIP_POLL = Duration.ofMillis(100);
    private static final Duration SKIP = Duration.ofMinutes(2);
    private static final String NOT_RESTORED = "not restored";

    private final LearnerRun run;
    private final ExperienceBuffer buffer;
    private final GroupReader reader;
    private final CheckpointStore checkpoints;
    private final PolicyStore policies;
    private final PolicyFeed feed;
    private final Policy policy;
    private final TrainingStep training;
    private final Evaluation evaluation;
    private final RecentRollouts rollouts;
    private VersionHistory versions;
    private long step;
    private long checkpointed = -1;
    private long announcedDrops;
    private PolicyStore.Published published = new PolicyStore.Published(-1, Path.of(""), Map.of());

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
        this.training = new TrainingStep(policy, run.settings());
        this.evaluation =
                new Evaluation(policy, run.objectives().get(run.objectives().size() - 1), run.evaluation());
        this.rollouts = new RecentRollouts(
                policy.tokenizer(), AdvantageEstimator.parse(run.settings().advEstimator()));
        this.versions = history(Map.of());
    }

    private VersionHistory history(Map<Long, String> fingerprints) {
        return new VersionHistory(run.settings().maxOffPolicySteps() + SPARE_VERSIONS, fingerprints);
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
        CheckpointStore checkpoints = new CheckpointStore(run.folder().resolve("checkpoints"), run.checkpointsKept());
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
            if (run.restored().contains(Restored.OPTIMIZER)) {
                policy.loadOptimizer(loaded.get().folder(), "optimizer");
            }
            if (isOwn(loaded.get().folder())) {
                step = saved.step();
                checkpointed = step;
            }
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
        return published.version();
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
        return buffer.take(phase, run.settings().promptsPerStep(), step + 1, step, run.dropBeyond(), versions::refusal);
    }

    /** Groups of long ago that the next step trains on as well. */
    List<ScoredGroup> replayed() {
        return buffer.replay(run.settings().promptsPerStep(), step + 1);
    }

    TrainingStep.Outcome train(List<ScoredGroup> groups, double learningRate) {
        return training.run(run, groups, step + 1, learningRate);
    }

    /** Counts the step; a new phase begins with a fresh optimizer. */
    void advance() {
        int phase = run.phaseOf(step + 1);
        step++;
        if (run.phaseOf(step + 1) != phase) {
            policy.startTraining();
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

    private void publishWeights() {
        Path origin = run.origin();
        published = policies.publish(step, folder -> policy.save(folder, origin));
        versions.add(step, PolicyVersion.fingerprint(published.files()));
        policies.retain(run.settings().maxOffPolicySteps() + SPARE_VERSIONS, Set.of());
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

    /** Writes weights, optimizer, teacher and counters, and forgets bodies that no checkpoint needs any more. */
    void checkpoint() {
        if (checkpointed == step) {
            return;
        }
        buffer.sync();
        Path aside = checkpoints.begin(step);
        policy.save(aside, run.origin());
        policy.saveOptimizer(aside.resolve("optimizer.safetensors"));
        int phase = run.phaseOf(step + 1);
        checkpoints.commit(
                step,
                new CheckpointState(
                        step,
                        phase,
                        step - run.stepsBefore(phase),
                        published.version(),
                        Map.of(),
                        Map.of("seed", Long.toString(run.seed())),
                        buffer.positions(),
                        versions.fingerprints(),
                        policy.tokenizer().fingerprint(),
                        ""));
        checkpointed = step;
        if (checkpoints.steps().size() >= run.checkpointsKept()) {
            checkpoints.steps().stream().min(Long::compare).ifPresent(buffer::forgetUsedUpTo);
        }
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
        buffer.close();
        policy.close();
    }
}
