package io.foretell.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.foretell.judge.JudgeFixtures.Builder;
import io.foretell.objectives.RewardStatus;
import io.foretell.objectives.Verdict;
import io.foretell.platform.Metrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A judge behind a real server that misbehaves in every way it can. */
@Timeout(30)
class JudgeTest {
    private static final Map<String, String> TEXT = Map.of("text", "some text");
    private static final Map<String, String> PAIR =
            Map.of("context", "Once", "first", "upon a time", "second", "banana");

    @TempDir
    Path folder;

    private final Builder settings = new Builder();
    private final List<AutoCloseable> open = new ArrayList<>();
    private JudgeServer server;
    private Metrics metrics;

    @BeforeEach
    void start() throws IOException {
        server = new JudgeServer();
        settings.url = server.url();
        metrics = new Metrics();
    }

    @AfterEach
    void stop() throws Exception {
        server.gate.countDown();
        for (AutoCloseable each : open) {
            each.close();
        }
        server.close();
        metrics.close();
    }

    private Judge judge() {
        JudgeSettings built = settings.build();
        HttpJudge model =
                new HttpJudge(settings.url, built.apiKey(), built.model(), built.timeout(), Clock.systemUTC());
        Judge judge = Judge.open(built, model, folder, metrics);
        open.add(judge);
        return judge;
    }

    private Verdict safety() {
        return judge().ask("safety", TEXT).join();
    }

    private double counted(String name, String... tags) {
        return metrics.registry().find(name).tags(tags).counters().stream()
                .mapToDouble(counter -> counter.count())
                .sum();
    }

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
    void whatPassesIsTriedAgain() {
        server.thenStatus(500, Map.of())
                .thenStatus(429, Map.of("Retry-After", "0"))
                .thenHangsUp()
                .thenBody("<html>bad gateway</html>")
                .thenBody("{\"choices\": []}")
                .thenSays("Safe: no");
        settings.maxAttempts = 6;

        Verdict verdict = safety();

        assertThat(verdict).isEqualTo(new Verdict(RewardStatus.OK, 0, "Safe: no"));
        assertThat(server.asked).hasSize(6);
        assertThat(counted("reward_judge_retries")).isEqualTo(5);
    }

    @Test
    void retryAfterIsWaitedForUpToTheLongestBackOff() {
        server.thenStatus(429, Map.of("Retry-After", "1")).thenSays("Safe: yes");
        settings.maxBackoff = Duration.ofSeconds(5);
        long start = System.nanoTime();

        assertThat(safety().score()).isEqualTo(1);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(900));

        server.thenStatus(429, Map.of("Retry-After", "3600")).thenSays("Safe: yes");
        settings.maxBackoff = Duration.ofMillis(50);
        assertThat(judge().ask("safety", Map.of("text", "other")).join().score())
                .isEqualTo(1);
    }

    @Test
    void attemptsAreNotWithoutEnd() {
        server.thenStatus(503, Map.of());

        Verdict verdict = safety();

        assertThat(verdict.status()).isEqualTo(RewardStatus.FAILED);
        assertThat(verdict.reason()).contains("status 503").contains("attempt 3, the last");
        assertThat(server.asked).hasSize(3);
        assertThat(counted("reward_judge_answers", "role", "safety", "outcome", "failed"))
                .isEqualTo(1);
    }

    @Test
    void aRefusalIsNotTriedAgainAndSaysWhy() {
        server.then((exchange, body) ->
                JudgeServer.send(exchange, 400, "{\"error\": \"context length exceeded\"}", Map.of()));

        Verdict verdict = safety();

        assertThat(verdict.status()).isEqualTo(RewardStatus.FAILED);
        assertThat(verdict.reason())
                .contains("status 400")
                .contains("context length exceeded")
                .doesNotContain(JudgeFixtures.KEY);
        assertThat(server.asked).hasSize(1);
    }

    @Test
    void anAnswerThatStallsIsATimeout() {
        server.thenStalls();
        settings.timeout = Duration.ofMillis(200);
        settings.maxAttempts = 1;

        Verdict verdict = safety();

        assertThat(verdict.status()).isEqualTo(RewardStatus.TIMEOUT);
        assertThat(verdict.reason()).isEqualTo("the judge did not answer within 200 ms");
        assertThat(counted("reward_judge_answers", "outcome", "timeout")).isEqualTo(1);
    }

    @Test
    void aJudgeThatIsNotThereIsAFailure() {
        settings.url = "http://127.0.0.1:1/v1";
        settings.maxAttempts = 1;

        assertThat(safety().status()).isEqualTo(RewardStatus.FAILED);
        assertThat(safety().reason()).contains("cannot be reached");
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

        assertThat(judge.isSuspected("quality")).isTrue();
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
        assertThat(judge.isSuspected("quality")).isFalse();
    }

    @Test
    void aJudgeThatAlwaysAnswersTheSameIsReported() {
        server.thenSays("Safe: yes");
        Judge judge = judge();

        for (int i = 0; i < 60; i++) {
            assertThat(judge.ask("safety", Map.of("text", "text " + i)).join().score())
                    .isEqualTo(1);
        }

        assertThat(judge.isSuspected("safety")).isTrue();
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
    void theSpendingCapStopsCallsAndOutlivesTheProcess() {
        server.thenSays("Safe: yes");
        settings.maxSpentTokens = 1000L;
        Judge judge = judge();
        int answered = 0;
        Verdict verdict = judge.ask("safety", Map.of("text", "0")).join();
        while (verdict.status() == RewardStatus.OK) {
            answered++;
            verdict = judge.ask("safety", Map.of("text", "" + answered)).join();
        }

        assertThat(verdict.reason()).contains("reward.judge.max_spent_tokens is 1000");
        assertThat(answered).isBetween(5, 9);
        assertThat(server.asked).hasSize(answered);

        judge.close();
        Verdict later = judge().ask("safety", Map.of("text", "later")).join();
        assertThat(later.reason()).contains(answered * 110 + " tokens are spent");
    }

    @Test
    void callsBeyondTheLimitQueue() {
        server.thenSaysBehindTheGate("Safe: yes");
        settings.maxConcurrent = 3;
        Judge judge = judge();
        List<CompletableFuture<Verdict>> verdicts = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            verdicts.add(judge.ask("safety", Map.of("text", "text " + i)));
        }

        await().until(() -> server.atOnce.get() == 3);
        assertThat(verdicts).noneMatch(CompletableFuture::isDone);
        assertThat(metrics.scrape()).contains("reward_judge_queue 17.0");
        server.gate.countDown();

        assertThat(verdicts)
                .allSatisfy(verdict -> assertThat(verdict.join().score()).isEqualTo(1));
        assertThat(server.mostAtOnce.get()).isEqualTo(3);
    }

    @Test
    void equalQuestionsAtTheSameTimeAreAskedOnce() {
        server.thenSaysBehindTheGate("Safe: yes");
        Judge judge = judge();

        CompletableFuture<Verdict> one = judge.ask("safety", TEXT);
        CompletableFuture<Verdict> two = judge.ask("safety", TEXT);
        server.gate.countDown();

        assertThat(one.join()).isEqualTo(two.join());
        assertThat(server.asked).hasSize(1);
    }

    @Test
    void aJudgeThatKeepsFailingIsLeftAloneAndComesBack() {
        server.thenStatus(500, Map.of());
        settings.circuit = new JudgeSettings.Circuit(5, 0.5, Duration.ofMillis(400));
        settings.maxAttempts = 1;
        settings.maxConcurrent = 1;
        Judge judge = judge();
        List<Verdict> verdicts = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            verdicts.add(judge.ask("safety", TEXT).join());
        }

        assertThat(server.asked).hasSize(5);
        assertThat(verdicts.get(7).reason()).contains("is left alone");
        assertThat(metrics.scrape()).contains("reward_judge_circuit_open 1.0");

        server.thenSays("Safe: yes");
        await().until(() -> judge.ask("safety", Map.of("text", "" + System.nanoTime()))
                        .join()
                        .status()
                == RewardStatus.OK);
        await().until(() -> {
            judge.ask("safety", Map.of("text", "" + System.nanoTime())).join();
            return metrics.scrape().contains("reward_judge_circuit_open 0.0");
        });
    }

    @Test
    void requestsAndTokensPerMinuteAreLimits() {
        server.thenSays("Safe: yes");
        settings.maxRpm = 2;
        settings.maxConcurrent = 8;
        Judge judge = judge();
        List<CompletableFuture<Verdict>> verdicts = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            verdicts.add(judge.ask("safety", Map.of("text", "text " + i)));
        }
        await().until(() -> verdicts.stream().filter(CompletableFuture::isDone).count() == 2);
        await().during(Duration.ofMillis(200)).until(() -> server.asked.size() == 2);
        judge.close();
        assertThat(verdicts)
                .allSatisfy(verdict -> assertThat(verdict.join().reason())
                        .satisfiesAnyOf(
                                reason -> assertThat(reason).contains("Safe: yes"),
                                reason -> assertThat(reason).contains("the judge is closed")));

        settings.maxRpm = null;
        settings.maxTpm = 600;
        Judge other = judge();
        List<CompletableFuture<Verdict>> more = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            more.add(other.ask("safety", Map.of("text", "more " + i)));
        }
        await().until(() -> more.stream().anyMatch(CompletableFuture::isDone));
        await().during(Duration.ofMillis(200)).until(() -> server.asked.size() < 2 + 6);
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
