package io.foretell.reward;

import io.foretell.domain.Futures;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Verdict;
import io.foretell.judge.Judge;
import io.foretell.objectives.Tournament;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A reward part from a judge. The prompt's placeholders named after background ({@code context}, {@code reference}) get
 * that background; the response goes into the remaining one. A role that compares two texts is asked about every pair
 * of the group, and a response's score is its mean preference over the others. Thread-safe.
 */
final class JudgedPart {
    private static final String NO_JUDGE = "no judge is configured: set reward.judge.base_url or reward.judge.policy";

    private final String role;
    private final @Nullable Judge judge;

    /**
     * @param judge owned by the caller; null if the run has none
     * @throws IllegalArgumentException if a reward cannot fill the placeholders of the role's prompt
     */
    JudgedPart(String role, @Nullable Judge judge) {
        this.role = role;
        this.judge = judge;
        if (judge != null && !judge.prompts().inputs(role).isEmpty()) {
            judged(judge);
        }
    }

    /** The verdict if the run has no judge. */
    static Verdict noJudge() {
        return new Verdict(RewardStatus.FAILED, 0, NO_JUDGE);
    }

    /** The placeholders for the response: one, or the two to compare. */
    private List<String> judged(Judge asked) {
        List<String> pair = asked.prompts().pair(role);
        TreeSet<String> background = new TreeSet<>(TextRule.Text.PLACES);
        List<String> left = new ArrayList<>(asked.prompts().inputs(role));
        left.removeAll(background);
        left.removeAll(pair);
        if (pair.isEmpty() ? left.size() == 1 : left.isEmpty()) {
            return pair.isEmpty() ? left : pair;
        }
        throw new IllegalArgumentException("reward.rewards: the judge's role '" + role + "' has the places "
                + asked.prompts().inputs(role) + ", but a reward has only " + background + " and "
                + (pair.isEmpty() ? "a response for one more place" : "two responses for " + pair));
    }

    CompletableFuture<List<Verdict>> verdicts(List<TextRule.Text> group) {
        if (judge == null) {
            return CompletableFuture.completedFuture(
                    group.stream().map(text -> noJudge()).toList());
        }
        if (judge.prompts().inputs(role).isEmpty()) {
            return Futures.all(
                    group.stream().map(text -> judge.ask(role, Map.of())).toList());
        }
        List<String> places = judged(judge);
        return places.size() == 1 ? alone(judge, places.get(0), group) : compared(judge, places, group);
    }

    private CompletableFuture<List<Verdict>> alone(Judge asked, String place, List<TextRule.Text> group) {
        List<CompletableFuture<Verdict>> verdicts = new ArrayList<>();
        for (TextRule.Text text : group) {
            Map<String, String> material = background(asked, text);
            material.put(place, text.response());
            verdicts.add(asked.ask(role, material));
        }
        return Futures.all(verdicts);
    }

    private CompletableFuture<List<Verdict>> compared(Judge asked, List<String> pair, List<TextRule.Text> group) {
        return Tournament.play(group.size(), (i, j) -> {
            Map<String, String> material = background(asked, group.get(i));
            material.put(pair.get(0), group.get(i).response());
            material.put(pair.get(1), group.get(j).response());
            return asked.ask(role, material);
        });
    }

    private Map<String, String> background(Judge asked, TextRule.Text text) {
        Map<String, String> material = new LinkedHashMap<>(text.background());
        material.keySet().retainAll(asked.prompts().inputs(role));
        return material;
    }
}
