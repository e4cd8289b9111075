package io.foretell.learner;

import io.foretell.buffer.ExperienceBuffer;
import io.foretell.learner.checkpoint.CheckpointState;
import io.foretell.learner.checkpoint.CheckpointStore;
import io.foretell.learner.checkpoint.CheckpointWriter;
import io.foretell.platform.Time;
import io.foretell.policy.Policy;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The checkpoints of a run. One is written at a time; when it is complete, the buffer deletes what only older ones
 * needed. Confined to the learner's thread.
 */
final class Checkpoints implements AutoCloseable {
    private final CheckpointStore store;
    private final CheckpointWriter writer;
    private final ExperienceBuffer buffer;
    private final int keepLast;
    private long begun;

    /** @param resumed step of the run's own checkpoint that it resumes from, or -1 */
    Checkpoints(
            TrainingPlan run, CheckpointStore store, Policy policy, ExperienceBuffer buffer, long resumed, Time time) {
        this.store = store;
        this.writer = new CheckpointWriter(
                policy,
                run.origin(),
                store,
                buffer::sync,
                run.training().ckpt().async(),
                run.training().ckpt().timeout(),
                time);
        this.buffer = buffer;
        this.keepLast = run.training().ckpt().keepLast();
        this.begun = resumed;
    }

    /** Step of the newest checkpoint started or resumed from; -1 before the first. */
    long step() {
        return begun;
    }

    /** Starts a checkpoint; waits for the previous one if it is still being written. */
    void begin(CheckpointState state) {
        await();
        writer.begin(state);
        begun = state.step();
    }

    /** The step whose checkpoint is being written, or -1. */
    long inProgress() {
        return writer.writing();
    }

    /** The newest checkpoint when it is complete; reported once. */
    Optional<CheckpointWriter.Written> settle() {
        return writer.settle().map(this::forgetBehind);
    }

    /** As {@link #settle}, but waits for it. */
    Optional<CheckpointWriter.Written> await() {
        return writer.await().map(this::forgetBehind);
    }

    /** Bodies that no checkpoint needs any more can go. */
    private CheckpointWriter.Written forgetBehind(CheckpointWriter.Written written) {
        List<Long> steps = store.steps();
        if (steps.size() >= keepLast) {
            steps.stream().min(Long::compare).ifPresent(buffer::forgetUsedUpTo);
        }
        return written;
    }

    /** Folders of the last {@code max} checkpoints, oldest first. */
    List<Path> last(int max) {
        List<Long> steps = store.steps();
        return steps.subList(Math.max(0, steps.size() - max), steps.size()).stream()
                .map(store::folder)
                .toList();
    }

    /** Waits for what is being written. */
    @Override
    public void close() {
        writer.close();
    }
}
