package io.foretell.reward;

import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A combined reward added to the method's own; its parts get the reward's name as prefix. Thread-safe. */
public final class AddedReward {
    private final String name;
    private final CombinedReward reward;
    private final Tokenizer tokenizer;

    private AddedReward(String name, CombinedReward reward, Tokenizer tokenizer) {
        this.name = name;
        this.reward = reward;
        this.tokenizer = tokenizer;
    }

    /**
     * The reward of this name.
     *
     * @param name null for none
     * @throws IllegalArgumentException if there is none of this name
     */
    public static @Nullable AddedReward of(@Nullable String name, Rewards rewards, Tokenizer tokenizer) {
        CombinedReward reward = name == null ? null : rewards.reward(name);
        if (name != null && reward == null) {
            throw new IllegalArgumentException(
                    "reward.additional is '" + name + "' but reward.rewards has only " + rewards.names());
        }
        return name == null || reward == null ? null : new AddedReward(name, reward, tokenizer);
    }

    /** The rewards of the group with this one added; missing rewards stay missing. */
    CompletableFuture<List<Reward>> addTo(List<Reward> own, RolloutGroup group) {
        String prompt = tokenizer.decode(group.task().prompt());
        String reference = tokenizer.decode(group.task().target());
        List<TextRule.Text> texts = new ArrayList<>();
        for (Rollout rollout : group.rollouts()) {
            String response = tokenizer.decode(rollout.unforcedTokens());
            texts.add(new TextRule.Text(prompt, response, reference));
        }
        if (texts.isEmpty()) {
            return CompletableFuture.completedFuture(own);
        }
        return reward.score(texts).thenApply(added -> {
            List<Reward> sums = new ArrayList<>();
            for (int i = 0; i < own.size(); i++) {
                sums.add(sum(own.get(i), added.get(i)));
            }
            return sums;
        });
    }

    private Reward sum(Reward own, Reward added) {
        if (!own.isOk() || !added.isOk()) {
            return own.isOk() ? added : own;
        }
        Map<String, Double> components = new TreeMap<>(own.components());
        added.components().forEach((part, value) -> components.put(name + "/" + part, value));
        return Reward.of(own.total() + added.total(), components);
    }
}
