package io.foretell.domain;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * All rollouts of one task, followed by unsampled candidates where its objective has any.
 *
 * @param task the task they answer; its id is the group's id
 * @param context the tokens that the rollouts were really sampled from: the task's prompt with the objective's texts and
 *     opening tag around it. Rewards, training and metrics use it as it is; empty where nothing is sampled
 * @param forbiddenFirst token that could not be sampled first (its probability was removed and the rest renormalised),
 *     or -1
 * @param rollouts G of them, then the candidates that were not sampled; none where the objective samples nothing
 * @param tokenizerFingerprint sha-256 of the tokenizer that made the ids
 * @param policyFingerprint sha-256 of the weights that sampled last
 * @param generationSeconds wall seconds of sampling that this group cost (its share of the batch)
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

    /** The same group with further candidates. */
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
