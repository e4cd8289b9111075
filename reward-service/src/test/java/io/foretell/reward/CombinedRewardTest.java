package io.foretell.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Reward;
import io.foretell.domain.RewardStatus;
import io.foretell.judge.Judge;
import io.foretell.platform.Metrics;
import io.foretell.reward.TextRule.Text;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CombinedRewardTest {
    @TempDir
    Path folder;

    private static ComponentSettings part(String kind, double weight) {
        return new ComponentSettings(kind, weight, "yes", null, 3, null, null, List.of("bad"), null);
    }

    private static ComponentSettings judged(String role, double weight) {
        return new ComponentSettings("judge", weight, null, null, null, null, null, null, role);
    }

    private static List<Reward> rewards(@Nullable Judge judge, List<ComponentSettings> parts, String... responses) {
        CombinedReward reward = new Rewards(Map.of("r", parts), judge).reward("r");
        List<Text> group = Stream.of(responses)
                .map(response -> new Text("is it?", response, "yes"))
                .toList();
        return reward.score(group).join();
    }

    @Test
    void theTotalIsTheWeightedSumAndEveryPartIsKept() {
        List<ComponentSettings> parts =
                List.of(part("regex", 2), part("banned", 0.5), part("length", -1), part("regex", 1));

        List<Reward> rewards = rewards(null, parts, "yes", "bad");

        assertThat(rewards.get(0))
                .isEqualTo(Reward.of(2.5, Map.of("regex", 1.0, "banned", 1.0, "length", 1.0, "regex_2", 1.0)));
        assertThat(rewards.get(1))
                .isEqualTo(Reward.of(-1, Map.of("regex", 0.0, "banned", 0.0, "length", 1.0, "regex_2", 0.0)));
    }

    @Test
    void aGroupIsComparedEachWithEachAndRules() {
        ScriptedJudge model = new ScriptedJudge(question -> {
            String first = question.split("<option_1>")[1].split("</option_1>")[0];
            String second = question.split("<option_2>")[1].split("</option_2>")[0];
            return "Conclusion: Option " + (first.length() >= second.length() ? 1 : 2);
        });
        try (Metrics metrics = new Metrics();
                Judge judge = Judge.open(ScriptedJudge.SETTINGS, model, folder, metrics)) {
            List<Reward> rewards =
                    rewards(judge, List.of(judged("quality", 1), part("regex", 10)), "a", "long yes", "mid");

            assertThat(rewards).extracting(Reward::total).containsExactly(0.0, 11.0, 0.5);
            assertThat(rewards.get(1).components())
                    .containsEntry("judge_quality", 1.0)
                    .containsEntry("regex", 1.0);
            assertThat(model.asked.get()).as("three pairs in both orders").isEqualTo(6);
        }
    }

    @Test
    void aJudgeWithoutAVerdictIsNeverAZero() {
        ScriptedJudge model = new ScriptedJudge(question -> question.contains("fine") ? "Safe: yes" : "who knows");
        try (Metrics metrics = new Metrics();
                Judge judge = Judge.open(ScriptedJudge.SETTINGS, model, folder, metrics)) {
            List<Reward> rewards =
                    rewards(judge, List.of(part("regex", 1), judged("safety", 0.5)), "fine yes", "odd yes");

            assertThat(rewards.get(0).total()).isCloseTo(1.5, within(1e-12));
            assertThat(rewards.get(1).status()).isEqualTo(RewardStatus.FAILED);
            assertThat(rewards.get(1).reason())
                    .startsWith("judge_safety: the judge's answer cannot be used, asked twice");
        }
    }

    @Test
    void withoutAJudgeItSaysWhatToSet() {
        assertThat(rewards(null, List.of(judged("safety", 1)), "a").get(0).reason())
                .contains("set reward.judge.base_url or reward.judge.policy");
    }

    @Test
    void whatIsNotPossibleIsRefused() {
        assertThatThrownBy(() -> rewards(null, List.of(part("beauty", 1)), "a"))
                .hasMessageContaining("no kind 'beauty'")
                .hasMessageContaining("novelty");
        assertThatThrownBy(() -> rewards(null, List.of(part("judge", 1)), "a"))
                .hasMessageContaining("kind 'judge' needs 'role'");
        assertThatThrownBy(() -> rewards(null, List.of(), "a")).hasMessageContaining("reward.rewards.r has no parts");
    }

    @Test
    void aGroupWithTooFewRewardsFallsShort() {
        MissingRewardPolicy patience = new MissingRewardPolicy(3, 0.5);
        Reward ok = Reward.of(1, Map.of());
        Reward failed = Reward.failed("the judge is away");

        assertThat(patience.shortfall(List.of(ok, failed))).isEmpty();
        assertThat(patience.shortfall(List.of())).isEmpty();
        assertThat(patience.shortfall(List.of(ok, failed, failed)))
                .contains("only 1 of 3 rewards could be had: the judge is away");
        assertThatThrownBy(() -> new MissingRewardPolicy(5, 0.5))
                .hasMessageContaining("reward.max_attempts must be 1 to 4");
    }
}
