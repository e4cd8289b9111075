package io.foretell.learner.metrics;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.FinishReason;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Tokenizer;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.objectives.Extremes;
import io.foretell.objectives.Objective;
import io.foretell.platform.Json;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/** The last groups trained on, as a person reads them. Thread-safe. */
public final class RecentRollouts {
    private static final int KEPT = 200;
    private static final int PER_STEP = 8;

    private final Tokenizer tokenizer;
    private final AdvantageEstimator estimator;
    private final Deque<ObjectNode> groups = new ArrayDeque<>();

    public RecentRollouts(Tokenizer tokenizer, AdvantageEstimator estimator) {
        this.tokenizer = tokenizer;
        this.estimator = estimator;
    }

    /** Keeps the first few sampled groups of a step. */
    public void add(long step, List<ScoredGroup> batch, Objective objective) {
        List<ObjectNode> readable = batch.stream()
                .filter(group -> !group.rewards().isEmpty())
                .limit(PER_STEP)
                .map(group -> readable(step, group)
                        .put("role", objective.role(group.task()))
                        .put("reward_unit", objective.rewardUnit()))
                .toList();
        synchronized (this) {
            readable.forEach(groups::addFirst);
            while (groups.size() > KEPT) {
                groups.removeLast();
            }
        }
    }

    /** Newest first. */
    public synchronized List<ObjectNode> newest(int limit) {
        return new ArrayList<>(groups.stream().limit(limit).toList());
    }

    private ObjectNode readable(long step, ScoredGroup group) {
        ObjectNode node = Json.mapper().createObjectNode();
        node.put("group_id", group.id())
                .put("step", step)
                .put("document_id", group.task().documentId())
                .put("objective", group.task().objective())
                .put("prefix", tokenizer.decode(group.task().prompt()))
                .put("target", tokenizer.decode(group.task().target()));
        group.rewards().stream()
                .map(reward -> reward.components().get("score_baseline"))
                .filter(java.util.Objects::nonNull)
                .findFirst()
                .ifPresent(baseline -> node.put("score_baseline", baseline));
        double[] advantages = estimator.advantages(group);
        ArrayNode rollouts = node.putArray("rollouts");
        for (int i = 0; i < advantages.length; i++) {
            rollout(
                    rollouts.addObject(),
                    group.group().rollouts().get(i),
                    group.rewards().get(i),
                    advantages[i]);
        }
        boolean isPool = !group.group().rollouts().stream().allMatch(Rollout::isSampled);
        Extremes.of(group).filter(unused -> isPool).ifPresent(extremes -> {
            ((ObjectNode) rollouts.get(extremes.best())).put("rank", "best");
            ((ObjectNode) rollouts.get(extremes.worst())).put("rank", "worst");
        });
        return node;
    }

    private void rollout(ObjectNode node, Rollout rollout, Reward reward, double advantage) {
        node.put("sample_index", rollout.sampleIndex())
                .put("origin", rollout.origin().name())
                .put("thought", tokenizer.decode(rollout.response()))
                .put("tokens", rollout.unforcedTokens().length())
                .put("forced", rollout.forced() > 0)
                .put("truncated", rollout.finishReason() == FinishReason.LENGTH)
                .put("finish_reason", rollout.finishReason().name())
                .put("reward", reward.total())
                .put("advantage", advantage)
                .put("status", reward.status().name())
                .put("reason", reward.reason())
                .put("policy_version", rollout.oldestVersion());
        node.set("components", Json.mapper().valueToTree(reward.components()));
    }
}
