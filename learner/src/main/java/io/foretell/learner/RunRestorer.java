package io.foretell.learner;

import io.foretell.buffer.ExperienceBuffer;
import io.foretell.learner.checkpoint.CheckpointState;
import io.foretell.learner.checkpoint.CheckpointStore;
import io.foretell.learner.checkpoint.ResumePart;
import io.foretell.platform.Deadline;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Time;
import io.foretell.policy.Policy;
import io.foretell.streams.GroupReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides where a run resumes: at the checkpoint that {@code resume_mode} names, or at its beginning. Brings back of it what
 * {@code resume_restore} says, the policy first and then the buffer. Confined to the learner's thread.
 */
final class RunRestorer {
    private static final Logger log = LoggerFactory.getLogger(RunRestorer.class);
    private static final Duration SKIP_POLL = Duration.ofMillis(100);
    private static final Duration SKIP = Duration.ofMinutes(2);
    private static final String NOT_RESTORED = "not restored";

    private final TrainingPlan run;
    private final Optional<CheckpointStore.Loaded> loaded;

    private RunRestorer(TrainingPlan run, Optional<CheckpointStore.Loaded> loaded) {
        this.run = run;
        this.loaded = loaded;
    }

    static RunRestorer of(TrainingPlan run, CheckpointStore checkpoints) {
        return new RunRestorer(
                run,
                switch (run.training().resumeMode()) {
                    case "auto" -> checkpoints.loadLatest();
                    case "disable" -> Optional.empty();
                    default ->
                        Optional.of(checkpoints.loadFrom(Path.of(run.training().resumeMode())));
                });
    }

    /** What the checkpoint says of this run; a checkpoint of another run gives weights and optimizer only. */
    Optional<CheckpointState> saved() {
        Path own = run.folder().resolve("checkpoints").toAbsolutePath().normalize();
        return loaded.filter(
                        found -> found.folder().toAbsolutePath().normalize().startsWith(own))
                .map(CheckpointStore.Loaded::state);
    }

    /** Steps that are done. */
    long step() {
        return saved().map(CheckpointState::step).orElse(0L);
    }

    /** Step of the checkpoint that the run resumes from, its own or another run's; -1 for none. */
    long resumedAt() {
        return loaded.isPresent() ? step() : -1;
    }

    /** The versions published before, as far as the policy is that of the checkpoint. */
    VersionHistory versions() {
        int needed = run.settings().offPolicy().maxOffPolicySteps() + 2;
        return new VersionHistory(
                Math.max(run.policiesKept(), needed),
                loaded.filter(found -> restores(ResumePart.WEIGHTS))
                        .map(found -> found.state().versions())
                        .orElse(Map.of()));
    }

    /**
     * The policy with its teacher and optimizer, ready for training. Who asks for it closes it.
     *
     * @throws ForetellException CORRUPT when the checkpoint has another tokenizer
     */
    Policy openPolicy() {
        Path weights = loaded.filter(found -> restores(ResumePart.WEIGHTS))
                .map(CheckpointStore.Loaded::folder)
                .orElse(run.origin());
        Policy policy = Policy.open(weights, run.policyOptions());
        policy.startTraining();
        loaded.ifPresent(found -> {
            String fingerprint = policy.tokenizer().fingerprint();
            if (!found.state().tokenizerFingerprint().equals(fingerprint)) {
                throw new ForetellException(
                        ErrorCode.CORRUPT, "checkpoint " + found.folder() + " was written with another tokenizer");
            }
            if (restores(ResumePart.OPTIMIZER)) {
                policy.loadOptimizer(found.folder(), "optimizer");
            }
        });
        return policy;
    }

    /** Makes exactly the groups used after the checkpoint usable again, and drops what is not to be restored. */
    void rewind(ExperienceBuffer buffer, GroupReader reader, Time time) {
        int again = buffer.rewindTo(step());
        if (loaded.isPresent() && !restores(ResumePart.BUFFER)) {
            for (int phase = 0; phase < run.phases().size(); phase++) {
                buffer.dropPhase(phase, NOT_RESTORED);
            }
        }
        if (loaded.isPresent() && !restores(ResumePart.POSITIONS)) {
            skipTopic(buffer, reader, time);
        }
        if (again > 0 || step() > 0) {
            log.info("resumed step={} groupsUsableAgain={}", step(), again);
        }
    }

    /** Drops what is on the topic now; the feeder is told of it, so that it does not wait for what will not come. */
    private static void skipTopic(ExperienceBuffer buffer, GroupReader reader, Time time) {
        Map<Integer, Long> ends = reader.ends();
        Deadline deadline = time.deadline(SKIP);
        while (ends.entrySet().stream()
                .anyMatch(end -> buffer.positions().getOrDefault(end.getKey(), 0L) < end.getValue())) {
            List<GroupReader.Received> records = reader.poll(SKIP_POLL);
            if (records.isEmpty() && reader.next().equals(ends)) {
                return;
            }
            buffer.ingest(records, group -> NOT_RESTORED);
            if (deadline.hasPassed()) {
                throw new ForetellException(
                        ErrorCode.TIMEOUT,
                        "what is on the topic of scored groups could not be skipped within " + SKIP.toSeconds() + " s");
            }
        }
    }

    private boolean restores(ResumePart part) {
        return run.restored().contains(part);
    }
}
