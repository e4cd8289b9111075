package io.foretell.learner;

import io.foretell.buffer.AdmissionPolicy;
import io.foretell.buffer.BatchTaker;
import io.foretell.buffer.ExperienceBuffer;
import io.foretell.domain.ScoredGroup;
import io.foretell.platform.Time;
import io.foretell.streams.DeadLetterReader;
import io.foretell.streams.GroupReader;
import java.time.Duration;
import java.util.List;

/** Moves scored groups from the topic into the buffer, and from the buffer into batches. Confined to the learner's thread. */
final class GroupIntake implements AutoCloseable {
    private final TrainingPlan run;
    private final LearnerState state;
    private final ExperienceBuffer buffer;
    private final GroupReader reader;
    private final DeadLetterReader deadLetters;
    private final VersionHistory versions;
    private final Time time;

    GroupIntake(
            TrainingPlan run,
            LearnerState state,
            ExperienceBuffer buffer,
            GroupReader reader,
            DeadLetterReader deadLetters,
            VersionHistory versions,
            Time time) {
        this.run = run;
        this.state = state;
        this.buffer = buffer;
        this.reader = reader;
        this.deadLetters = deadLetters;
        this.versions = versions;
        this.time = time;
    }

    /** Reads what has arrived, waiting up to {@code timeout} for the first group. */
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
                        family, run.objectives().get(phase), state.step() + 1 - run.stepsBefore(phase), filter)
                : AdmissionPolicy.refusal(family, filter);
    }

    /** The groups of the next step, marked as used; none while there are too few. */
    List<ScoredGroup> take(int phase) {
        return buffer.take(new BatchTaker.Wanted(
                phase,
                run.settings().batch().promptsPerStep(),
                state.step() + 1,
                state.step(),
                run.dropBeyond(),
                versions::refusal));
    }

    /** Groups of earlier steps that the next step trains on as well. */
    List<ScoredGroup> replayed() {
        return buffer.replay(run.settings().batch().promptsPerStep(), state.step() + 1);
    }

    /** Groups that the next step can use. */
    long usable() {
        return buffer.usable(state.phaseOrLast());
    }

    @Override
    public void close() {
        reader.close();
        deadLetters.close();
        buffer.close();
    }
}
