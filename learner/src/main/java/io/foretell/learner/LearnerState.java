package io.foretell.learner;

import io.foretell.buffer.AdmissionPolicy;
import io.foretell.buffer.BatchTaker;
import io.foretell.buffer.BufferStatus;
import io.foretell.buffer.ExperienceBuffer;
import io.foretell.buffer.GroupBundle;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.WeightAck;
import io.foretell.learner.checkpoint.CheckpointState;
import io.foretell.learner.checkpoint.CheckpointStore;
import io.foretell.learner.evaluation.Evaluation;
import io.foretell.learner.evaluation.HeldOutDocuments;
import io.foretell.learner.metrics.RecentRollouts;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.platform.Time;
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

    private final TrainingPlan run;
    private final Time time;
    private final ExperienceBuffer buffer;
    private final GroupReader reader;
    private final DeadLetterReader deadLetters;
    private final Checkpoints checkpointing;
    private final PolicyPublisher publishing;
    private final Policy policy;
    private final KlControl klControl;
    private final RewardKl rewardKl;
    private final TrainingStep training;
    private final Evaluation evaluation;
    private final RecentRollouts rollouts;
    private final VersionHistory versions;
    private final long resumedAt;
    private long step;
    private long annealFrom = Long.MAX_VALUE;

    private LearnerState(
            TrainingPlan run,
            ExperienceBuffer buffer,
            GroupReader reader,
            DeadLetterReader deadLetters,
            Policy policy,
            Checkpoints checkpointing,
            PolicyFeed feed,
            RunRestorer resumption,
            Time time) {
        this.run = run;
        this.time = time;
        this.buffer = buffer;
        this.reader = reader;
        this.deadLetters = deadLetters;
        this.policy = policy;
        this.checkpointing = checkpointing;
        this.versions = resumption.versions();
        this.publishing = new PolicyPublisher(run, buffer, policy, feed, versions);
        this.training = new TrainingStep(policy, run.settings());
        this.klControl = new KlControl(run.settings().kl().klCtrl());
        this.rewardKl = new RewardKl(policy, run.settings(), klControl);
        this.evaluation = new Evaluation(
                policy,
                run.objectives().get(run.objectives().size() - 1),
                run.training().eval());
        this.rollouts = new RecentRollouts(
                policy.tokenizer(), AdvantageEstimator.parse(run.settings().advEstimator()));
        this.resumedAt = resumption.resumedAt();
        this.step = resumption.step();
        resumption.saved().ifPresent(this::restore);
    }

    /**
     * Opens everything on the calling thread, which owns it from then on.
     *
     * @param reader makes the reader of scored groups from the buffer's positions
     * @param deadLetters says which spawned tasks will never be answered
     */
    public static LearnerState open(
            TrainingPlan run,
            ExperienceBuffer buffer,
            Function<Map<Integer, Long>, GroupReader> reader,
            DeadLetterReader deadLetters,
            PolicyFeed feed,
            Time time) {
        CheckpointStore checkpoints = new CheckpointStore(
                run.folder().resolve("checkpoints"), run.training().ckpt().keepLast());
        RunRestorer resumption = RunRestorer.of(run, checkpoints);
        Policy policy = resumption.openPolicy();
        GroupReader groups = reader.apply(buffer.positions());
        resumption.rewind(buffer, groups, time);
        long resumed = resumption.saved().map(CheckpointState::step).orElse(-1L);
        return new LearnerState(
                run,
                buffer,
                groups,
                deadLetters,
                policy,
                new Checkpoints(run, checkpoints, policy, buffer, resumed, time),
                feed,
                resumption,
                time);
    }

    /** What {@link #toSave} gave, but for what the policy and the buffer bring back themselves. */
    private void restore(CheckpointState saved) {
        annealFrom = saved.counters().getOrDefault(CheckpointState.ANNEAL_FROM, Long.MAX_VALUE);
        training.guard().restart(saved.recentLosses());
        Optional.ofNullable(saved.coefficients().get(CheckpointState.REWARD_KL)).ifPresent(klControl::restore);
    }

    private CheckpointState toSave() {
        return new CheckpointState(
                step,
                run.phaseOf(step + 1),
                annealFrom == Long.MAX_VALUE ? Map.of() : Map.of(CheckpointState.ANNEAL_FROM, annealFrom),
                Map.of(CheckpointState.REWARD_KL, klControl.coefficient()),
                versions.fingerprints(),
                policy.tokenizer().fingerprint(),
                training.guard().recent());
    }

    long step() {
        return step;
    }

    Checkpoints checkpointing() {
        return checkpointing;
    }

    long version() {
        return publishing.version();
    }

    /** Bytes of the version published last. */
    long publishedBytes() {
        return publishing.bytes();
    }

    /** What the workers that are alive work with. */
    List<WeightAck> consumers() {
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
        return publishing.dropped();
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
            buffer.giveUpWaiting(time.nanos(), run.settings().spawnedTimeout(), this::refusal);
        }
    }

    private String refusal(List<ScoredGroup> family) {
        int phase = family.get(0).task().phase();
        boolean filter = run.settings().filterGroups().enable();
        return phase < run.objectives().size()
                ? AdmissionPolicy.refusal(
                        family, run.objectives().get(phase), step + 1 - run.stepsBefore(phase), filter)
                : AdmissionPolicy.refusal(family, filter);
    }

    List<ScoredGroup> take(int phase) {
        return GroupBundle.settled(
                buffer.take(new BatchTaker.Wanted(
                        phase,
                        run.settings().batch().promptsPerStep(),
                        step + 1,
                        step,
                        run.dropBeyond(),
                        versions::refusal)),
                run::objectiveOf);
    }

    /** Groups of long ago that the next step trains on as well. */
    List<ScoredGroup> replayed() {
        return GroupBundle.settled(buffer.replay(run.settings().batch().promptsPerStep(), step + 1), run::objectiveOf);
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
        checkpointing.begin(toSave());
        log.info("the learning rate anneals from step {} on", annealFrom);
    }

    /** The groups with the divergence from the teacher in their rewards, where that is wanted. */
    RewardKl.Found withRewardKl(int phase, List<ScoredGroup> groups) {
        return rewardKl.apply(groups);
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
        publishing.publish(step);
    }

    /** Publishes the weights as they are now, unless they are published already. */
    void publishLast() {
        publishing.publishLast(step);
    }

    /**
     * Publishes the mean of the last checkpoints as the version behind the last step, and goes over to it; false where
     * there is nothing to average. A run that is given more steps later goes on from its checkpoint, not from the mean.
     */
    boolean publishAverage() {
        List<Path> folders = checkpointing.last(run.training().ckpt().averageLast());
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
        if (checkpointing.step() != step) {
            checkpointing.begin(toSave());
        }
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
        checkpointing.close();
        deadLetters.close();
        buffer.close();
        policy.close();
    }
}
