package io.foretell.objectives;

import java.time.Instant;

/**
 * One piece of work cut from a document: a prompt, and what really follows it.
 *
 * @param id unique in a run; also the id of the group of rollouts that answers it
 * @param run name of the run
 * @param phase index into the run's phases
 * @param objective name of the {@link Objective} that made it and that will reward it
 * @param documentId the document it was cut from
 * @param prompt tokens shown to the model, without any thought channel; may be empty
 * @param target the tokens that follow the prompt in the document, at least one
 * @param seed from which the seeds of its rollouts are derived
 * @param minPolicyVersion the oldest policy allowed to answer it; -1 for any
 * @param issuedAt when the feeder wrote it
 */
public record Task(
        String id,
        String run,
        int phase,
        String objective,
        String documentId,
        TokenArray prompt,
        TokenArray target,
        long seed,
        long minPolicyVersion,
        Instant issuedAt) {
    public Task {
        if (target.isEmpty()) {
            throw new IllegalArgumentException("task " + id + " has no target token");
        }
    }
}
