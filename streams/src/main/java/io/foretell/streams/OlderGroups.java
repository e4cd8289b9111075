package io.foretell.streams;

import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.objectives.Objective;
import java.util.List;

/**
 * Groups of schema version 2, which do not say what they were sampled from: here they get the context that the objective
 * of their phase plans for their task. This is right as long as the objective's options have not changed since. Immutable.
 *
 * @param phases the objective of each phase, by index
 */
record OlderGroups(List<Objective> phases) {
    /** For readers that only look at ids, rewards and versions: the context stays empty, and cannot be trained on. */
    static final OlderGroups WITHOUT_CONTEXT = new OlderGroups(List.of());

    OlderGroups {
        phases = List.copyOf(phases);
    }

    RolloutGroup completed(RolloutGroup group) {
        Task task = group.task();
        if (phases.isEmpty()) {
            return group;
        }
        if (task.phase() < 0 || task.phase() >= phases.size()) {
            throw new UnreadableRecordException("group " + group.id() + " of schema version 2 belongs to phase "
                    + task.phase() + " but the run has only " + phases.size());
        }
        return phases.get(task.phase())
                .sampling(task.prompt(), task.target())
                .map(group::sampledBy)
                .orElse(group);
    }

    ScoredGroup completed(ScoredGroup scored) {
        return scored.withGroup(completed(scored.group()));
    }
}
