package io.foretell.reward;

import static io.foretell.reward.Parts.part;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Reward;
import io.foretell.domain.RewardStatus;
import io.foretell.judge.Judge;
import io.foretell.platform.Metrics;
import io.foretell.reward.TextRule.Text;
import java.io.IOException;
import java.nio.file.Files;
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

    private static final RewardPart REGEX = part("{kind: regex, pattern: 'yes'}");

    private static RewardPart judged(String role, double weight) {
        return part("{kind: judge, role: " + role + ", weight: " + weight + "}");
    }

    private static List<Reward> rewards(@Nullable Judge judge, List<RewardPart> parts, String... responses) {
        CombinedReward reward = new Rewards(Map.of("r", parts), judge).reward("r");
        List<Text> group = Stream.of(responses)
                .map(response -> new Text("is it?", response, "yes"))
                .toList();
        return reward.score(group).join();
    }

    @Test
    void theTotalIsTheWeightedSumAndEveryPartIsKept() {
        List<RewardPart> parts = List.of(
                part("{kind: regex, pattern: 'yes', weight: 2}"),
                part("{kind: banned, words: [bad], weight: 0.5}"),
                part("{kind: length, max: 3, weight: -1}"),
                REGEX);

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
            List<Reward> rewards = rewards(
                    judge,
                    List.of(judged("quality", 1), part("{kind: regex, pattern: 'yes', weight: 10}")),
                    "a",
                    "long yes",
                    "mid");

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
            List<Reward> rewards = rewards(judge, List.of(REGEX, judged("safety", 0.5)), "fine yes", "odd yes");

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
    void whatIsLeftOutHasItsDefault() {
        assertThat(part("{kind: exact_match}")).isEqualTo(new RewardPart(1, new TextRule.ExactMatch()));
        assertThat(part("{kind: novelty}").kind()).isEqualTo(new TextRule.Novelty(3));
        assertThat(part("{kind: length, min: 2}").kind()).isEqualTo(new TextRule.Length(2, Integer.MAX_VALUE));
        assertThat(part("{kind: length, max: 2, weight: -1}")).isEqualTo(new RewardPart(-1, new TextRule.Length(0, 2)));
    }

    @Test
    void aRoleWithAPlaceOfItsOwnGetsTheResponseThere() throws IOException {
        ScriptedJudge model = new ScriptedJudge(question -> "Polite: " + (question.contains("darn") ? "no" : "yes"));
        try (Metrics metrics = new Metrics();
                Judge judge = judgeWith("inputs: [context, remark]", "{context} {remark}", model, metrics)) {
            List<Reward> rewards = rewards(judge, List.of(judged("politeness", 1)), "a dog", "a darn dog");

            assertThat(rewards).extracting(Reward::total).containsExactly(1.0, 0.0);
        }
    }

    @Test
    void aRoleWithPlacesThatARewardCannotFillIsRefusedAtTheStart() throws IOException {
        ScriptedJudge model = new ScriptedJudge(question -> "Polite: yes");
        try (Metrics metrics = new Metrics();
                Judge judge = judgeWith("inputs: [author, text]", "{author} {text}", model, metrics)) {
            assertThatThrownBy(() -> rewards(judge, List.of(judged("politeness", 1)), "a"))
                    .hasMessageContaining("the judge's role 'politeness' has the places [author, text]")
                    .hasMessageContaining("a reward has only [context, reference] and a response for one more place");
        }
    }

    private Judge judgeWith(String inputs, String prompt, ScriptedJudge model, Metrics metrics) throws IOException {
        Path prompts = Files.createDirectories(folder.resolve("prompts"));
        Files.writeString(
                prompts.resolve("politeness.yaml"),
                "role: politeness\nversion: 1\n" + inputs
                        + "\nanswer: {line: Polite, scores: {'yes': 1, 'no': 0}}\nprompt: '" + prompt + "'\n");
        return Judge.open(ScriptedJudge.settings(prompts), model, folder.resolve("verdicts"), metrics);
    }

    private static void assertRefused(String part, String sentence) {
        assertThatThrownBy(() -> part(part)).hasMessageContaining(sentence);
    }

    @Test
    void whatIsNotPossibleIsRefused() {
        assertRefused(
                "{kind: beauty}",
                "reward.rewards: there is no kind 'beauty'; known are"
                        + " [banned, exact_match, judge, language, length, novelty, regex]");
        assertRefused("{weight: 2}", "each part needs a 'kind', one of [banned, ");
        assertRefused("{kind: judge}", "kind 'judge' needs 'role'");
        assertRefused("{kind: regex}", "kind 'regex' needs 'pattern'");
        assertRefused("{kind: regex, pattern: '('}", "'(' is not a regular expression");
        assertRefused("{kind: banned}", "kind 'banned' needs 'words'");
        assertRefused("{kind: language}", "kind 'language' needs 'language'");
        assertRefused("{kind: language, language: xx}", "no language 'xx'");
        assertRefused("{kind: length, min: 3, max: 2}", "from 3 to 2");
        assertRefused("{kind: novelty, n: 0}", "n of at least 1");
        assertRefused("{kind: exact_match, weight: 1e999}", "a weight must be finite");
        assertRefused("{kind: exact_match, weight: much}", "a weight must be a number");
        assertRefused("{kind: length, pattern: x}", "pattern");
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
