package io.foretell.learner;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.buffer.BufferStatus;
import io.foretell.domain.WeightAck;
import io.foretell.learner.metrics.MetricsLog;
import io.foretell.learner.metrics.RecentRollouts;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What other threads see of a running learner; its own thread refreshes it. Thread-safe. */
public final class LearnerSnapshot {
    static final LearnerSnapshot NOTHING = new LearnerSnapshot();

    private final @Nullable MetricsLog metrics;
    private final @Nullable RecentRollouts rollouts;
    private volatile long step;
    private volatile long version;
    private volatile long usable;
    private volatile long checkpointStep = -1;
    private volatile @Nullable Long annealFrom;
    private volatile List<WeightAck> consumers = List.of();
    private volatile BufferStatus buffer =
            new BufferStatus(Map.of(), Map.of(), Map.of(), Map.of(), 0, 0, 0, 0, 0, 0, 0);

    private LearnerSnapshot() {
        this.metrics = null;
        this.rollouts = null;
    }

    LearnerSnapshot(LearnerState state, MetricsLog metrics) {
        this.metrics = metrics;
        this.rollouts = state.rollouts();
        refresh(state);
    }

    void refresh(LearnerState state) {
        step = state.step();
        version = state.version();
        usable = state.usable();
        buffer = state.bufferStatus();
        checkpointStep = state.checkpointing().step();
        annealFrom = state.annealFrom();
        consumers = state.consumers();
    }

    LearnerStatus status(TrainingPlan run, String state, String waitingFor) {
        int phase = Math.min(run.phaseOf(step + 1), run.phases().size() - 1);
        PhaseSettings settings = run.phases().get(phase);
        long total = run.totalSteps();
        return new LearnerStatus(
                run.name(),
                state,
                step,
                total == Long.MAX_VALUE ? null : Long.valueOf(total),
                version,
                new LearnerStatus.Phase(
                        phase,
                        settings.objective(),
                        step - run.stepsBefore(phase),
                        settings.steps() == null ? null : Long.valueOf(settings.steps())),
                waitingFor,
                usable,
                buffer.droppedByReason(),
                buffer.duplicates(),
                checkpointStep,
                annealFrom,
                consumers,
                BatchDescription.sentence(run));
    }

    /** Rows of the metrics log after step {@code since}. Reads the disk, so call it off the event loops. */
    public List<ObjectNode> rows(long since) {
        return metrics == null ? List.of() : metrics.since(since);
    }

    /** The newest groups trained on. */
    public List<ObjectNode> rollouts(int limit) {
        return rollouts == null ? List.of() : rollouts.newest(limit);
    }
}
