package io.foretell.domain;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * All rollouts of one task, followed by the objective's unsampled candidates, if any.
 *
 * @param task the task they answer; its id is the group's id
 * @param context the tokens that the rollouts were actually sampled from: the task's prompt, wrapped in the objective's
 *     texts and opening tag. Rewards, training and metrics use it unchanged; empty if nothing is sampled
 * @param forbiddenFirst token that could not be sampled first (its probability was removed and the rest renormalised),
 *     or -1
 * @param rollouts G rollouts, then the unsampled candidates; empty if the objective samples nothing
 * @param tokenizerFingerprint sha-256 of the tokenizer that produced the ids
 * @param policyFingerprint sha-256 of the last weights that sampled
 * @param generationSeconds this group's share of the batch's sampling time, wall seconds
 * @param createdAt when sampling finished
 */
public record RolloutGroup(
        Task task,
        TokenArray context,
        int forbiddenFirst,
        List<Rollout> rollouts,
        String tokenizerFingerprint,
        String policyFingerprint,
        double generationSeconds,
        Instant createdAt) {
    public RolloutGroup {
        rollouts = List.copyOf(rollouts);
    }

    /** The same group with additional candidates. */
    public RolloutGroup with(List<Rollout> candidates) {
        List<Rollout> all = new ArrayList<>(rollouts);
        all.addAll(candidates);
        return new RolloutGroup(
                task,
                context,
                forbiddenFirst,
                all,
                tokenizerFingerprint,
                policyFingerprint,
                generationSeconds,
                createdAt);
    }

    /** The same group, sampled as {@code plan} says. */
    public RolloutGroup sampledBy(SamplingPlan plan) {
        return new RolloutGroup(
                task,
                plan.context(),
                plan.forbiddenFirst(),
                rollouts,
                tokenizerFingerprint,
                policyFingerprint,
                generationSeconds,
                createdAt);
    }

    public String id() {
        return task.id();
    }
}
