package io.foretell.reward;

import io.foretell.domain.Futures;
import io.foretell.domain.Reward;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Verdict;
import io.foretell.judge.Judge;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A reward with several parts: total = sum of weight times part, over rules and judges. Every part is kept as an
 * unweighted component. If a part is missing, so is the reward. Thread-safe.
 */
final class CombinedReward {
    private final Map<String, Part> parts = new LinkedHashMap<>();

    /** The values of one part for every response, in order. */
    private interface Source {
        CompletableFuture<List<Verdict>> of(List<TextRule.Text> group);
    }

    private record Part(double weight, Source source) {}

    /** @throws IllegalArgumentException with a sentence for the user, if a part is invalid */
    CombinedReward(String reward, List<RewardPart> components, @Nullable Judge judge) {
        if (components.isEmpty()) {
            throw new IllegalArgumentException("reward.rewards." + reward + " has no parts");
        }
        for (RewardPart component : components) {
            String name = component.kind().component();
            String key = name;
            for (int number = 2; parts.containsKey(key); number++) {
                key = name + "_" + number;
            }
            parts.put(key, new Part(component.weight(), source(component.kind(), judge)));
        }
    }

    private static Source source(RewardKind kind, @Nullable Judge judge) {
        if (kind instanceof RewardKind.Judged judged) {
            return new JudgedPart(judged.role(), judge)::verdicts;
        }
        TextRule rule = (TextRule) kind;
        return group -> CompletableFuture.completedFuture(byRule(rule, group));
    }

    private static List<Verdict> byRule(TextRule rule, List<TextRule.Text> group) {
        return group.stream()
                .map(text -> new Verdict(RewardStatus.OK, rule.score(text), ""))
                .toList();
    }

    /** One reward per response, in order; a missing verdict never completes it exceptionally. */
    CompletableFuture<List<Reward>> score(List<TextRule.Text> group) {
        Map<String, CompletableFuture<List<Verdict>>> found = new LinkedHashMap<>();
        parts.forEach((name, part) -> found.put(name, part.source().of(group)));
        return Futures.all(found.values()).thenApply(all -> {
            List<Reward> rewards = new ArrayList<>();
            for (int i = 0; i < group.size(); i++) {
                int place = i;
                Map<String, Verdict> verdicts = new LinkedHashMap<>();
                found.forEach((name, each) -> verdicts.put(name, each.join().get(place)));
                rewards.add(combined(verdicts));
            }
            return rewards;
        });
    }

    private Reward combined(Map<String, Verdict> verdicts) {
        double total = 0;
        Map<String, Double> components = new LinkedHashMap<>();
        for (Map.Entry<String, Verdict> each : verdicts.entrySet()) {
            Verdict verdict = each.getValue();
            if (verdict.status() != RewardStatus.OK || !Double.isFinite(verdict.score())) {
                RewardStatus status = verdict.status() == RewardStatus.OK ? RewardStatus.FAILED : verdict.status();
                return new Reward(0, components, status, each.getKey() + ": " + verdict.reason());
            }
            components.put(each.getKey(), verdict.score());
            verdict.parts().forEach((name, value) -> components.put(each.getKey() + "/" + name, value));
            total += parts.get(each.getKey()).weight() * verdict.score();
        }
        return Reward.of(total, components);
    }
}
