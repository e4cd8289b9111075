package io.foretell.reward;

import io.foretell.domain.Reward;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Verdict;
import io.foretell.judge.Judge;
import io.foretell.judge.JudgePrompts;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Routes a judge role to the judge, or to a configured reward ({@code reward.judge_overrides}). For a role with one
 * text the verdict is that text's reward. For a role that compares two, the verdict is the preference for the first: 1
 * if its reward is larger, 0 if it is smaller, 1/2 if they are equal. Thread-safe.
 */
public final class JudgeRouter {
    private static final double NOISE = 1e-9;

    private final @Nullable Judge judge;
    private final JudgePrompts prompts;
    private final Map<String, CombinedReward> byRole = new LinkedHashMap<>();

    /**
     * @param judge owned by the caller; null if the run has none
     * @param roles names of rewards by role
     * @throws IllegalArgumentException if a reward in {@code roles} does not exist
     */
    public JudgeRouter(@Nullable Judge judge, Map<String, String> roles, Rewards rewards) {
        this.judge = judge;
        this.prompts = judge == null ? JudgePrompts.builtIn() : judge.prompts();
        roles.forEach((role, name) -> {
            CombinedReward reward = rewards.reward(name);
            if (reward == null) {
                throw new IllegalArgumentException("reward.judge_overrides names '" + name + "' for the role '" + role
                        + "' but reward.rewards has only " + rewards.names());
            }
            byRole.put(role, reward);
        });
    }

    /** Every role goes to the judge. */
    static JudgeRouter of(@Nullable Judge judge) {
        return new JudgeRouter(judge, Map.of(), new Rewards(Map.of(), judge));
    }

    /** A verdict of {@code role}; a missing verdict never completes it exceptionally. */
    CompletableFuture<Verdict> ask(String role, Map<String, String> material) {
        CombinedReward reward = byRole.get(role);
        if (reward != null) {
            return byReward(role, reward, material);
        }
        return judge == null ? CompletableFuture.completedFuture(JudgedPart.noJudge()) : judge.ask(role, material);
    }

    private CompletableFuture<Verdict> byReward(String role, CombinedReward reward, Map<String, String> material) {
        List<String> places = new ArrayList<>(new TreeSet<>(material.keySet()));
        places.removeAll(TextRule.Text.PLACES);
        if (places.size() == 2) {
            places = prompts.pair(role); // the preferred one first
        }
        if (places.isEmpty() || places.size() > 2 || !material.keySet().containsAll(places)) {
            return CompletableFuture.completedFuture(new Verdict(
                    RewardStatus.FAILED,
                    0,
                    "a reward cannot answer for the role '" + role + "', which is given "
                            + new TreeSet<>(material.keySet()) + ": it takes one text, or the two that the role's"
                            + " prompt names as its pair, besides " + TextRule.Text.PLACES));
        }
        List<TextRule.Text> texts = places.stream()
                .map(place -> TextRule.Text.of(material, material.getOrDefault(place, "")))
                .toList();
        return reward.score(texts).thenApply(JudgeRouter::verdict);
    }

    private static Verdict verdict(List<Reward> rewards) {
        for (Reward reward : rewards) {
            if (!reward.isOk()) {
                return new Verdict(reward.status(), 0, reward.reason());
            }
        }
        double first = rewards.get(0).total();
        if (rewards.size() == 1) {
            return new Verdict(RewardStatus.OK, first, "");
        }
        double lead = first - rewards.get(1).total();
        double preferred = Math.abs(lead) <= NOISE ? 1 / 2.0 : lead > 0 ? 1 : 0;
        return new Verdict(RewardStatus.OK, preferred, "");
    }
}
