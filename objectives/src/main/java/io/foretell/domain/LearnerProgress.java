package io.foretell.domain;

import java.util.List;

/**
 * The learner's progress.
 *
 * @param step optimizer steps done
 * @param phase index of the next step's phase
 * @param groupsUsed per phase, groups trained on in the surviving history
 * @param groupsDropped per phase, groups that will never be trained on (stale, failed, unreadable)
 */
public record LearnerProgress(long step, int phase, List<Long> groupsUsed, List<Long> groupsDropped) {
    /** Before the first step. */
    public static final LearnerProgress NONE = new LearnerProgress(0, 0, List.of(), List.of());

    public LearnerProgress {
        groupsUsed = List.copyOf(groupsUsed);
        groupsDropped = List.copyOf(groupsDropped);
    }
}
