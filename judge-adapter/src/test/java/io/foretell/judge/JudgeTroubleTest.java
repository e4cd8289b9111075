package io.foretell.judge;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.domain.RewardStatus;
import io.foretell.domain.Verdict;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A judge behind a server that misbehaves in every way it can, and the limits of asking. */
@Timeout(180)
class JudgeTroubleTest extends WithJudgeServer {
    private static ConditionFactory await() {
        return Awaitility.await().atMost(Duration.ofSeconds(60));
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

        server.thenStatus(429, Map.of("Retry-After", "3600")).thenSays("Safe: no");
        settings.maxBackoff = Duration.ofMillis(50);
        Judge hurried = judge();
        hurried.ask("safety", Map.of("text", "what is left of the answers above"))
                .join();
        assertThat(hurried.ask("safety", Map.of("text", "other")).join().score())
                .isEqualTo(0);
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
        assertThat(metrics.scrape()).contains("reward_judge_queue{judge=\"verdicts\"} 17.0");
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
        do {
            verdicts.add(judge.ask("safety", TEXT).join());
        } while (!verdicts.get(verdicts.size() - 1).reason().contains("is left alone"));

        assertThat(verdicts).hasSizeGreaterThan(5);
        assertThat(server.asked).hasSize(verdicts.size() - 1);
        assertThat(metrics.scrape()).contains("reward_judge_circuit_open{judge=\"verdicts\"} 1.0");

        server.thenSays("Safe: yes");
        await().until(() -> judge.ask("safety", Map.of("text", "" + System.nanoTime()))
                        .join()
                        .status()
                == RewardStatus.OK);
        await().until(() -> {
            judge.ask("safety", Map.of("text", "" + System.nanoTime())).join();
            return metrics.scrape().contains("reward_judge_circuit_open{judge=\"verdicts\"} 0.0");
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
    void aConnectionThatIsResetIsTriedAgain() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
            settings.url = "http://127.0.0.1:" + socket.getLocalPort() + "/v1";
            settings.maxAttempts = 2;
            CompletableFuture.runAsync(() -> resetAll(socket));

            CompletableFuture<Verdict> verdict = judge().ask("safety", TEXT);

            assertThat(verdict.join().status()).isEqualTo(RewardStatus.FAILED);
            assertThat(verdict.join().reason()).contains("cannot be reached").contains("attempt 2, the last");
        }
    }

    private static void resetAll(ServerSocket socket) {
        while (!socket.isClosed()) {
            try {
                Socket connection = socket.accept();
                connection.setSoLinger(true, 0);
                connection.close();
            } catch (IOException e) {
                return;
            }
        }
    }

    @Test
    void aServerThatMisbehavesAtRandomNeverGivesAWrongVerdict() {
        long seed = 20260102;
        Random random = new Random(seed);
        for (int i = 0; i < 400; i++) {
            switch (random.nextInt(10)) {
                case 0 -> server.thenStatus(500, Map.of());
                case 1 -> server.thenStatus(429, Map.of("Retry-After", "0"));
                case 2 -> server.thenStatus(400, Map.of());
                case 3 -> server.thenHangsUp();
                case 4 -> server.thenBody("{\"choices\": [{}]}");
                case 5 -> server.thenSays("I would rather not say.");
                default -> server.thenAnswers(JudgeTroubleTest::truth);
            }
        }
        server.thenAnswers(JudgeTroubleTest::truth);
        Judge judge = judge();
        int known = 0;
        for (int i = 0; i < 100; i++) {
            Verdict verdict = judge.ask("safety", Map.of("text", "number " + i)).join();
            if (verdict.status() == RewardStatus.OK) {
                assertThat(verdict.score()).as("seed %d, text %d", seed, i).isEqualTo(i % 2);
                known++;
            } else {
                assertThat(verdict.reason()).as("seed %d, text %d", seed, i).isNotBlank();
            }
        }
        assertThat(known).as("seed %d", seed).isBetween(60, 99);
    }

    /** Odd numbers are safe; in a repair the number is not in the last message, and then nothing is said. */
    private static String truth(String question) {
        Matcher number = Pattern.compile("number (\\d+)").matcher(question);
        return number.find() ? "Safe: " + (Integer.parseInt(number.group(1)) % 2 == 1 ? "yes" : "no") : "What number?";
    }
}
