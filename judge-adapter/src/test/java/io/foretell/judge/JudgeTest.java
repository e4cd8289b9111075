package io.foretell.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.RewardStatus;
import io.foretell.domain.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a judge says becomes a verdict. */
@Timeout(180)
class JudgeTest extends WithJudgeServer {
    @Test
    void theLastLineIsTheVerdict() {
        server.thenSays("It only reports.\nSafe: no, one might think.\n\n safe: YES. \n");

        Verdict verdict = safety();

        assertThat(verdict.status()).as(verdict.reason()).isEqualTo(RewardStatus.OK);
        assertThat(verdict.score()).isEqualTo(1);
        assertThat(verdict.reason()).contains("It only reports");
        JudgeServer.Asked asked = server.asked.get(0);
        assertThat(asked.path()).isEqualTo("/v1/chat/completions");
        assertThat(asked.authorization()).isEqualTo("Bearer " + JudgeFixtures.KEY);
        assertThat(asked.body().path("model").asText()).isEqualTo("grader");
        assertThat(asked.body().path("temperature").asDouble(-1)).isZero();
        assertThat(asked.lastMessage()).contains("<text>\nsome text\n</text>");
    }

    @Test
    void anUnreadableAnswerIsRepairedOnce() {
        server.thenSays("It is quite safe.").thenSays("Safe: yes");

        assertThat(safety().score()).isEqualTo(1);
        assertThat(server.asked).hasSize(2);
        assertThat(server.asked.get(1).body().path("messages")).hasSize(3);
        assertThat(server.asked.get(1).lastMessage())
                .contains("its last line is 'It is quite safe.'")
                .contains("'Safe: yes'");
        assertThat(counted("reward_judge_repairs")).isEqualTo(1);
    }

    @Test
    void anAnswerThatIsNeverReadableIsAFailureAfterTwoQuestions() {
        server.thenSays("{\"reasoning\": \"fine\", \"false_statement\": \"perhaps\"}");

        Verdict verdict = judge().ask("factuality", Map.of("context", "a", "reference", "b", "continuation", "c"))
                .join();

        assertThat(verdict.status()).isEqualTo(RewardStatus.FAILED);
        assertThat(verdict.reason()).contains("cannot be used, asked twice").contains("enumeration");
        assertThat(server.asked).hasSize(2);
    }

    @Test
    void manySamplesAreAveragedAndHalfOfThemIsEnough() {
        settings.samples = 4;
        settings.temperature = 1;
        settings.maxAttempts = 1;
        settings.maxConcurrent = 1;
        server.thenSays("Safe: yes")
                .thenSays("Safe: no")
                .thenStatus(400, Map.of())
                .thenSays("Safe: yes");

        Verdict verdict = safety();

        assertThat(verdict.score()).isCloseTo(2 / 3.0, within(1e-12));
        assertThat(server.asked.stream().map(asked -> asked.body().path("seed").asInt()))
                .containsExactly(0, 1, 2, 3);
    }

    @Test
    void tooFewSamplesAreAFailure() {
        settings.samples = 3;
        settings.temperature = 1;
        settings.maxConcurrent = 1;
        server.thenSays("Safe: yes").thenStatus(400, Map.of());

        Verdict verdict = safety();

        assertThat(verdict.status()).isEqualTo(RewardStatus.FAILED);
        assertThat(verdict.reason()).contains("(1 of 3 samples could be had)");
    }

    @Test
    void preferenceForAPositionIsCancelledBySwappingAndReported() {
        long seed = 20260101;
        Random random = new Random(seed);
        server.thenSays("Conclusion: Option 1");
        Judge judge = judge();

        for (int i = 0; i < 30; i++) {
            Map<String, String> pair =
                    Map.of("context", "c" + i, "first", "a" + random.nextInt(), "second", "b" + random.nextInt());
            Verdict verdict = judge.ask("quality", pair).join();
            assertThat(verdict.score()).as("seed %d, pair %d", seed, i).isEqualTo(0.5);
            assertThat(verdict.parts()).containsEntry("order_agreement", 0.0);
        }

        assertThat(counted("reward_judge_suspicions", "role", "quality", "kind", "position"))
                .isEqualTo(1);
        assertThat(metrics.scrape()).contains("reward_judge_first_preferred{role=\"quality\"} 1.0");
    }

    @Test
    void aFairJudgeOfPairsIsNotSuspected() {
        server.thenAnswers(question -> {
            boolean first = question.indexOf("good") < question.indexOf("bad");
            return "Conclusion: Option " + (first ? 1 : 2);
        });
        Judge judge = judge();

        for (int i = 0; i < 30; i++) {
            Map<String, String> pair = Map.of("context", "c" + i, "first", "good", "second", "bad");
            assertThat(judge.ask("quality", pair).join().score()).isEqualTo(1);
        }
        assertThat(counted("reward_judge_suspicions", "role", "quality")).isZero();
    }

    @ParameterizedTest
    @CsvSource({"4, 0", "60, 1"})
    void shownInOneOrderOnlyAJudgeOfPairsIsSuspectedWhenItAlwaysAnswersTheSame(int others, int expected) {
        settings.swapOrder = false;
        server.thenAnswers(question -> "Conclusion: Option " + (question.contains("bad") ? 2 : 1));
        Judge judge = judge();

        for (int i = 0; i < 60; i++) {
            String first = i % others == 3 ? "bad" : "good";
            judge.ask("quality", Map.of("context", "c" + i, "first", first, "second", "other"))
                    .join();
        }

        assertThat(counted("reward_judge_suspicions", "role", "quality")).isEqualTo(expected);
    }

    @Test
    void aJudgeThatAlwaysAnswersTheSameIsReported() {
        server.thenSays("Safe: yes");
        Judge judge = judge();

        for (int i = 0; i < 60; i++) {
            assertThat(judge.ask("safety", Map.of("text", "text " + i)).join().score())
                    .isEqualTo(1);
        }

        assertThat(counted("reward_judge_suspicions", "kind", "constant")).isEqualTo(1);
    }

    @Test
    void whatWasSaidSurvivesARestart() throws IOException {
        server.thenSays("Conclusion: Option 2");
        Judge first = judge();
        Verdict before = first.ask("quality", PAIR).join();
        first.close();
        int calls = server.asked.size();

        Judge second = judge();
        Verdict after = second.ask("quality", PAIR).join();

        assertThat(calls).isEqualTo(2);
        assertThat(after).isEqualTo(before);
        assertThat(server.asked).hasSize(calls);
        assertThat(counted("reward_judge_answers", "outcome", "cached")).isEqualTo(2);
        second.close();

        String newer =
                Files.readString(Path.of("../configs/judges/quality.yaml")).replace("version: 1", "version: 2");
        settings.prompts = Files.createDirectory(folder.resolve("prompts")).toString();
        Files.writeString(folder.resolve("prompts/quality.yaml"), newer);
        judge().ask("quality", PAIR).join();
        assertThat(server.asked).as("another version of the prompt asks anew").hasSize(2 * calls);
    }

    @Test
    void failuresAreNotKept() {
        server.thenStatus(400, Map.of()).thenSays("Safe: yes");
        Judge judge = judge();

        assertThat(judge.ask("safety", TEXT).join().status()).isEqualTo(RewardStatus.FAILED);
        assertThat(judge.ask("safety", TEXT).join().status()).isEqualTo(RewardStatus.OK);
    }

    @Test
    void aThinkersWordsAreTheWholeAnswer() {
        server.thenSays("  It follows from a. <think>b</think>\n")
                .thenSays(" \n")
                .thenSays("");
        Judge judge = judge();

        assertThat(judge.ask("thinker", Map.of("text", "a text")).join().reason())
                .isEqualTo("It follows from a. <think>b</think>");
        assertThat(judge.ask("thinker", Map.of("text", "another")).join().status())
                .as("two empty answers")
                .isEqualTo(RewardStatus.FAILED);
    }

    @Test
    void aRoleOrMaterialThatIsNotThereIsAFailureThatNamesWhatIs() {
        assertThat(judge().ask("beauty", TEXT).join().reason())
                .contains("'beauty'")
                .contains("semantic_prefix");
        assertThat(judge().ask("quality", TEXT).join().reason())
                .contains("needs [context, first, second] but was given [text]");
        assertThat(server.asked).isEmpty();
    }

    @Test
    void aRewriterGivesTextAndNoScore() {
        server.thenSays("Sure!\n<rewrite>\nupon a time\n</rewrite>");

        Verdict verdict = judge().ask("rewriter", Map.of("context", "Once", "continuation", "upon"))
                .join();

        assertThat(verdict.reason()).isEqualTo("upon a time");
        assertThat(verdict.score()).isNaN();
    }

    @Test
    void aRubricIsTheWeightedMeanOfItsCriteria() {
        server.thenSays("```json\n{\"reasoning\": \"r\", \"scores\": {\"coherence\": 10, \"accuracy\": 5,"
                + " \"information\": 0, \"language\": 9}}\n```");

        Verdict verdict =
                judge().ask("rubric", Map.of("context", "c", "text", "t")).join();

        assertThat(verdict.score()).isCloseTo((3 * 1 + 3 * 0.5 + 0.9) / 9, within(1e-12));
        assertThat(verdict.parts()).containsEntry("accuracy", 0.5).hasSize(4);
    }
}
