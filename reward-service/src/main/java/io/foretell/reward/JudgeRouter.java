package io.foretell.reward;

import io.foretell.domain.Reward;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Verdict;
import io.foretell.judge.Judge;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Who answers in a judge's role: the judge, or a configured reward in its place ({@code reward.judge_overrides}). For a role with one
 * text the verdict is that text's reward. Of two texts, {@code first} and {@code second}, the one with the larger reward is
 * preferred: 1, 0, or 1/2 where they are equal. Thread-safe.
 */
public final class JudgeRouter {
    private static final double NOISE = 1e-9;

    private final @Nullable Judge judge;
    private final Map<String, CombinedReward> byRole = new LinkedHashMap<>();

    /**
     * @param judge stays its owner's; null where the run has none
     * @param roles names of rewards by role
     * @throws IllegalArgumentException when there is no reward of such a name
     */
    public JudgeRouter(@Nullable Judge judge, Map<String, String> roles, Rewards rewards) {
        this.judge = judge;
        roles.forEach((role, name) -> {
            CombinedReward reward = rewards.reward(name);
            if (reward == null) {
                throw new IllegalArgumentException("reward.judge_overrides names '" + name + "' for the role '" + role
                        + "' but reward.rewards has only " + rewards.names());
            }
            byRole.put(role, reward);
        });
    }

    /** The judge answers in every role. */
    static JudgeRouter of(@Nullable Judge judge) {
        return new JudgeRouter(judge, Map.of(), new Rewards(Map.of(), judge));
    }

    /** A verdict of {@code role}; never completes exceptionally for want of one. */
    CompletableFuture<Verdict> ask(String role, Map<String, String> material) {
        CombinedReward reward = byRole.get(role);
        if (reward != null) {
            return byReward(role, reward, material);
        }
        return judge == null ? CompletableFuture.completedFuture(JudgedPart.noJudge()) : judge.ask(role, material);
    }

    private static CompletableFuture<Verdict> byReward(
            String role, CombinedReward reward, Map<String, String> material) {
        String context = material.getOrDefault("context", "");
        String reference = material.getOrDefault("reference", "");
        List<TextRule.Text> texts = new ArrayList<>();
        for (String text : texts(material)) {
            texts.add(new TextRule.Text(context, text, reference));
        }
        if (texts.isEmpty()) {
            return CompletableFuture.completedFuture(new Verdict(
                    RewardStatus.FAILED,
                    0,
                    "a reward cannot answer for the role '" + role + "', which is given "
                            + new TreeSet<>(material.keySet())));
        }
        return reward.score(texts).thenApply(JudgeRouter::verdict);
    }

    private static List<String> texts(Map<String, String> material) {
        List<String> pair = Stream.of("first", "second")
                .filter(material::containsKey)
                .map(material::get)
                .toList();
        Optional<String> single = Stream.of("text", "continuation", "prediction")
                .filter(material::containsKey)
                .map(material::get)
                .findFirst();
        return pair.size() == 2 ? pair : single.map(List::of).orElse(List.of());
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
