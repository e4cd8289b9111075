package io.foretell.learner.checkpoint;

import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.OwnerThread;
import io.foretell.platform.Time;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyCopy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes checkpoints in the background: the learner's thread copies weights, teacher and optimizer in memory, and a
 * background thread writes the copy, syncs and renames. One at a time: the next waits for the previous one.
 *
 * <p>A checkpoint describes the moment it was started. Until it is complete, the previous one is the latest, so that a
 * crash while it is written goes back to that one. Confined to the learner's thread.
 */
public final class CheckpointWriter implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CheckpointWriter.class);

    /** A checkpoint that is whole. @param seconds from its beginning until it could be loaded */
    public record Written(long step, double seconds, long bytes) {}

    private final Policy policy;
    private final Path origin;
    private final CheckpointStore store;
    private final Runnable sync;
    private final Duration timeout;
    private final Time time;
    private final @Nullable PolicyCopy copy; // when async
    private final OwnerThread background = OwnerThread.start("checkpoint-writer");
    private @Nullable CompletableFuture<Written> writing;
    private long writingStep = -1;

    /**
     * @param origin the folder that the policy started from
     * @param sync returns when what the buffer has marked would survive a power cut; called by the thread that writes,
     *     before the checkpoint becomes visible
     * @param async whether to write in the background, from a copy whose memory (16 bytes per weight) is taken at once
     */
    public CheckpointWriter(
            Policy policy,
            Path origin,
            CheckpointStore store,
            Runnable sync,
            boolean async,
            Duration timeout,
            Time time) {
        this.time = time;
        this.policy = policy;
        this.origin = origin;
        this.store = store;
        this.sync = sync;
        this.copy = async ? policy.newCopy() : null;
        this.timeout = timeout;
    }

    /**
     * Begins the checkpoint of this moment; when it returns, weights and optimizer may change. One that is still being
     * written must be over and {@linkplain #settle settled} before.
     *
     * @throws ForetellException STORAGE when it is written at once and the disk is full or fails
     */
    public void begin(CheckpointState state) {
        if (writing != null) {
            throw new IllegalStateException("the checkpoint of step " + writingStep + " is still being written");
        }
        long start = time.nanos();
        writingStep = state.step();
        PolicyCopy filled = copy;
        if (filled == null) {
            writing = CompletableFuture.completedFuture(
                    write(state, start, folder -> policy.save(folder, origin), policy::saveOptimizer));
            return;
        }
        policy.copyTo(filled);
        writing = background.submit(
                () -> write(state, start, folder -> filled.save(folder, origin), filled::saveOptimizer));
    }

    private Written write(CheckpointState state, long start, Consumer<Path> model, Consumer<Path> optimizer) {
        Path aside = store.begin(state.step());
        try {
            model.accept(aside);
            optimizer.accept(aside.resolve("optimizer.safetensors"));
            sync.run();
        } catch (RuntimeException e) {
            store.abandon(state.step());
            throw e;
        }
        long bytes = store.commit(state.step(), state);
        double seconds = time.secondsSince(start);
        log.info("checkpoint written step={} seconds={} bytes={}", state.step(), seconds, bytes);
        return new Written(state.step(), seconds, bytes);
    }

    /** The step whose checkpoint is being written, or -1. */
    public long writing() {
        return writing == null || writing.isDone() ? -1 : writingStep;
    }

    /**
     * The newest checkpoint when it is complete; reported once.
     *
     * @throws ForetellException what went wrong while it was written; the one before is still the latest
     */
    public Optional<Written> settle() {
        return writing == null || !writing.isDone() ? Optional.empty() : await();
    }

    /**
     * As {@link #settle}, but waits for it.
     *
     * @throws ForetellException TIMEOUT when it is not whole within the time set
     */
    public Optional<Written> await() {
        CompletableFuture<Written> awaited = writing;
        if (awaited == null) {
            return Optional.empty();
        }
        try {
            Written written = awaited.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
            writing = null;
            return Optional.of(written);
        } catch (ExecutionException e) {
            writing = null;
            throw e.getCause() instanceof RuntimeException failure ? failure : new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new ForetellException(
                    ErrorCode.TIMEOUT,
                    "the checkpoint of step " + writingStep + " is still being written after " + timeout.toSeconds()
                            + " s: is the disk that slow? ckpt.timeout allows more",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ForetellException(
                    ErrorCode.UNAVAILABLE,
                    "interrupted while the checkpoint of step " + writingStep + " was written",
                    e);
        }
    }

    /** Waits for what is being written, and gives the copy's memory back. */
    @Override
    public void close() {
        background.close(timeout);
        if (copy != null && (writing == null || writing.isDone())) {
            copy.close();
        }
    }
}
