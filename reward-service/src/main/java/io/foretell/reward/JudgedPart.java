package io.foretell.reward;

import io.foretell.domain.Futures;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Verdict;
import io.foretell.judge.Judge;
import io.foretell.objectives.Tournament;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A judge's part of a reward. A role that compares two is asked about every pair of the group, and a response is worth
 * the mean over the others of how far it is preferred. Thread-safe.
 */
final class JudgedPart {
    /** The judge of the run, if it has one. */
    interface Asker {
        @Nullable
        Judge judge();
    }

    private static final String NO_JUDGE = "no judge is configured: set reward.judge.base_url or reward.judge.policy";

    private final String role;
    private final Asker asker;

    JudgedPart(String role, Asker asker) {
        this.role = role;
        this.asker = asker;
    }

    /** A verdict where the run has no judge. */
    static Verdict noJudge() {
        return new Verdict(RewardStatus.FAILED, 0, NO_JUDGE);
    }

    CompletableFuture<List<Verdict>> verdicts(List<TextRule.Text> group) {
        Judge judge = asker.judge();
        if (judge == null) {
            return CompletableFuture.completedFuture(
                    group.stream().map(text -> noJudge()).toList());
        }
        List<String> pair = judge.pair(role);
        return pair.isEmpty() ? alone(judge, group) : compared(judge, pair, group);
    }

    private CompletableFuture<List<Verdict>> alone(Judge judge, List<TextRule.Text> group) {
        List<CompletableFuture<Verdict>> verdicts = group.stream()
                .map(text -> judge.ask(role, material(judge, text, List.of())))
                .toList();
        return Futures.all(verdicts);
    }

    private CompletableFuture<List<Verdict>> compared(Judge judge, List<String> pair, List<TextRule.Text> group) {
        return Tournament.play(group.size(), (i, j) -> {
            Map<String, String> material = material(judge, group.get(i), pair);
            material.put(pair.get(0), group.get(i).response());
            material.put(pair.get(1), group.get(j).response());
            return judge.ask(role, material);
        });
    }

    private Map<String, String> material(Judge judge, TextRule.Text text, List<String> pair) {
        Map<String, String> material = new LinkedHashMap<>();
        for (String input : judge.inputs(role)) {
            switch (input) {
                case "context" -> material.put(input, text.prompt());
                case "reference" -> material.put(input, text.reference());
                case "text", "continuation", "prediction" -> material.put(input, text.response());
                default -> {
                    if (pair.contains(input)) {
                        material.put(input, "");
                    }
                }
            }
        }
        return material;
    }
}
