package io.foretell.objectives;

import java.util.List;
import java.util.Map;

/**
 * What the learner announces after a step: how far it is, and which weights to use.
 *
 * @param run name of the run
 * @param version number of the published weights: the step after which they were written
 * @param location folder (or URL) of the weights
 * @param files sha-256 in hex per file of that folder
 * @param step optimizer steps done
 * @param phase index of the phase that the next step belongs to
 * @param groupsUsed per phase, groups trained on in the surviving history
 * @param groupsDropped per phase, groups that will never be trained on (stale, failed, unreadable)
 */
public record PolicyVersion(
        String run,
        long version,
        String location,
        Map<String, String> files,
        long step,
        int phase,
        List<Long> groupsUsed,
        List<Long> groupsDropped) {
    public PolicyVersion {
        files = Map.copyOf(files);
        groupsUsed = List.copyOf(groupsUsed);
        groupsDropped = List.copyOf(groupsDropped);
    }
}
