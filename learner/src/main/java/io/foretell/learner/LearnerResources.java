package io.foretell.learner;

import io.foretell.buffer.ExperienceBuffer;
import io.foretell.learner.checkpoint.CheckpointState;
import io.foretell.learner.checkpoint.CheckpointStore;
import io.foretell.learner.evaluation.Evaluation;
import io.foretell.learner.metrics.RecentRollouts;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.platform.Time;
import io.foretell.policy.Policy;
import io.foretell.streams.DeadLetterReader;
import io.foretell.streams.GroupReader;
import io.foretell.streams.PolicyFeed;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Everything the training loop owns: the model being trained, the buffer, checkpoints and published versions. Opening it
 * restores the last checkpoint and makes exactly the groups used after it usable again. Confined to the learner's thread.
 */
public final class LearnerResources implements AutoCloseable {
    final LearnerState state;
    final Policy policy;
    final ExperienceBuffer buffer;
    final GroupIntake groups;
    final Checkpoints checkpoints;
    final PolicyPublisher publisher;
    final TrainingStep training;
    final RewardKl rewardKl;
    final Evaluation evaluation;
    final RecentRollouts rollouts;
    private final KlControl klControl;
    private final VersionHistory versions;

    private LearnerResources(
            TrainingPlan run,
            RunRestorer restorer,
            Policy policy,
            ExperienceBuffer buffer,
            GroupReader reader,
            DeadLetterReader deadLetters,
            Checkpoints checkpoints,
            PolicyFeed feed,
            Time time) {
        this.policy = policy;
        this.buffer = buffer;
        this.checkpoints = checkpoints;
        this.versions = restorer.versions();
        this.state = new LearnerState(run, restorer.step(), restorer.resumedAt());
        this.groups = new GroupIntake(run, state, buffer, reader, deadLetters, versions, time);
        this.publisher = new PolicyPublisher(run, buffer, policy, feed, versions);
        this.training = new TrainingStep(policy, run.settings());
        this.klControl = new KlControl(run.settings().kl().klCtrl());
        this.rewardKl = new RewardKl(policy, run.settings(), klControl);
        this.evaluation = new Evaluation(
                policy,
                run.objectives().get(run.objectives().size() - 1),
                run.training().eval());
        this.rollouts = new RecentRollouts(
                policy.tokenizer(), AdvantageEstimator.parse(run.settings().advEstimator()));
        restorer.saved().ifPresent(this::restore);
    }

    /**
     * Opens everything on the calling thread, which owns it from then on.
     *
     * @param reader makes the reader of scored groups from the buffer's positions
     * @param deadLetters says which subtasks will never be answered
     */
    public static LearnerResources open(
            TrainingPlan run,
            ExperienceBuffer buffer,
            Function<Map<Integer, Long>, GroupReader> reader,
            DeadLetterReader deadLetters,
            PolicyFeed feed,
            Time time) {
        CheckpointStore store = new CheckpointStore(
                run.folder().resolve("checkpoints"), run.training().ckpt().keepLast());
        RunRestorer restorer = RunRestorer.of(run, store);
        Policy policy = restorer.openPolicy();
        GroupReader groups = reader.apply(buffer.positions());
        restorer.rewind(buffer, groups, time);
        long resumed = restorer.saved().map(CheckpointState::step).orElse(-1L);
        Checkpoints checkpoints = new Checkpoints(run, store, policy, buffer, resumed, time);
        return new LearnerResources(run, restorer, policy, buffer, groups, deadLetters, checkpoints, feed, time);
    }

    private void restore(CheckpointState saved) {
        state.restore(saved);
        training.guard().restart(saved.recentLosses());
        Optional.ofNullable(saved.coefficients().get(CheckpointState.REWARD_KL)).ifPresent(klControl::restore);
    }

    /** What a checkpoint keeps besides what the policy and the buffer save themselves. */
    CheckpointState checkpointState() {
        return new CheckpointState(
                state.step(),
                state.phase(),
                state.counters(),
                Map.of(CheckpointState.REWARD_KL, klControl.coefficient()),
                versions.fingerprints(),
                policy.tokenizer().fingerprint(),
                training.guard().recent());
    }

    /**
     * Counts the step. A new phase starts with a fresh optimizer, and its losses are not compared with earlier ones; groups
     * of phases that are done are dropped, late ones too.
     */
    void advance() {
        if (state.advance()) {
            policy.startTraining();
            training.guard().restart(List.of());
        }
        for (int done = 0; done < state.phase(); done++) {
            buffer.dropPhase(done, "phase over");
        }
    }

    @Override
    public void close() {
        checkpoints.close();
        groups.close();
        policy.close();
    }
}
