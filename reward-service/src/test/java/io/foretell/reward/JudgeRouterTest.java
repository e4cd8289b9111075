package io.foretell.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.domain.RewardStatus;
import io.foretell.domain.Verdict;
import io.foretell.judge.Judge;
import io.foretell.objectives.Tournament;
import io.foretell.platform.Metrics;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JudgeRouterTest {
    @TempDir
    Path folder;

    private static final Rewards REWARDS = new Rewards(
            Map.of(
                    "clean",
                    List.of(Parts.part("{kind: banned, words: [darn]}")),
                    "long",
                    List.of(Parts.part("{kind: length, min: 4}")),
                    "same",
                    List.of(Parts.part("{kind: exact_match}")),
                    "unjudged",
                    List.of(Parts.part("{kind: judge, role: safety}"))),
            null);

    private static Verdict ask(@Nullable Judge judge, String role, String reward, Map<String, String> material) {
        return new JudgeRouter(judge, Map.of(role, reward), REWARDS)
                .ask(role, material)
                .join();
    }

    @Test
    void aRewardAnswersForARoleWithOneText() {
        assertThat(ask(null, "safety", "clean", Map.of("text", "a darn dog")))
                .isEqualTo(new Verdict(RewardStatus.OK, 0, ""));
        assertThat(ask(null, "safety", "clean", Map.of("text", "a dog")).score())
                .isEqualTo(1);
        assertThat(ask(null, "politeness", "clean", Map.of("remark", "a darn dog", "context", "c"))
                        .score())
                .as("a place that no other role has")
                .isZero();
        Map<String, String> material = Map.of("context", "c", "reference", "two words", "continuation", "two  words");
        assertThat(ask(null, "factuality", "same", material).score()).isEqualTo(1);
    }

    @Test
    void ofTwoTextsTheOneWithTheLargerRewardIsPreferred() {
        Map<String, String> worse = Map.of("context", "c", "first", "one two", "second", "one two three");
        Map<String, String> better = Map.of("context", "c", "first", "a b c d", "second", "one two three");
        Map<String, String> even = Map.of("context", "c", "first", "a b c d", "second", "1 2 3 4 5");

        assertThat(ask(null, "quality", "long", worse).score()).isZero();
        assertThat(ask(null, "quality", "long", better).score()).isEqualTo(1);
        assertThat(ask(null, "quality", "long", even).score()).isEqualTo(0.5);
    }

    @Test
    void whatARewardCannotSayFailsWithItsReason() {
        assertThat(ask(null, "safety", "unjudged", Map.of("text", "a")))
                .matches(verdict -> verdict.status() == RewardStatus.FAILED)
                .extracting(Verdict::reason)
                .asString()
                .contains("no judge is configured");
        assertThat(ask(null, "odd", "clean", Map.of("context", "a")).reason())
                .startsWith("a reward cannot answer for the role 'odd', which is given [context]: it takes one text");
        assertThat(ask(null, "odd", "clean", Map.of("this", "a", "that", "b")).reason())
                .contains("which is given [that, this]", "besides [context, reference]");
        assertThat(ask(null, "odd", "clean", Map.of("a", "a", "b", "b", "c", "c"))
                        .reason())
                .contains("which is given [a, b, c]");
        assertThatThrownBy(() -> new JudgeRouter(null, Map.of("safety", "clear"), REWARDS))
                .hasMessageStartingWith(
                        "reward.judge_overrides names 'clear' for the role 'safety' but reward.rewards has only");
    }

    @Test
    void otherRolesAreTheJudges() {
        ScriptedJudge model = new ScriptedJudge(question -> "Safe: yes");
        try (Metrics metrics = new Metrics();
                Judge judge = Judge.open(ScriptedJudge.SETTINGS, model, folder, metrics)) {
            JudgeRouter roles = new JudgeRouter(judge, Map.of("quality", "long"), REWARDS);

            assertThat(roles.ask("safety", Map.of("text", "a")).join().score()).isEqualTo(1);
            assertThat(model.asked).hasValue(1);
            roles.ask("quality", Map.of("context", "c", "first", "a", "second", "b"))
                    .join();
            assertThat(model.asked).hasValue(1);
        }
        assertThat(JudgeRouter.of(null)
                        .ask("safety", Map.of("text", "a"))
                        .join()
                        .status())
                .isEqualTo(RewardStatus.FAILED);
    }

    /** A judge that always prefers what it is shown first says nothing, because it is asked in both orders. */
    @Test
    void positionBiasIsCancelledByShowingBothOrders() {
        ScriptedJudge model = new ScriptedJudge(question -> "Conclusion: Option 1");
        try (Metrics metrics = new Metrics();
                Judge judge = Judge.open(ScriptedJudge.SETTINGS, model, folder, metrics)) {
            List<String> texts = List.of("a", "bb", "ccc", "dddd");
            JudgeRouter roles = JudgeRouter.of(judge);

            List<Verdict> qualities = Tournament.play(
                            4,
                            (i, j) -> roles.ask(
                                    "quality", Map.of("context", "c", "first", texts.get(i), "second", texts.get(j))))
                    .join();

            assertThat(qualities).extracting(Verdict::score).containsOnly(0.5);
            assertThat(model.asked).as("six pairs in both orders").hasValue(12);
        }
    }
}
