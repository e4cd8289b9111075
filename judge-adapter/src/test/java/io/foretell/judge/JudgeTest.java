package io.foretell.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.foretell.objectives.RewardStatus;
import io.foretell.objectives.Verdict;
import io.foretell.platform.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class JudgeTest {
    private static final String KEY = "sk-never-to-be-seen";
    private static final Duration PATIENT = Duration.ofSeconds(20);

    private record Answer(int status, String body) {}

    private record Asked(String path, String authorization, JsonNode body) {}

    private final Deque<Answer> answers = new ArrayDeque<>();
    private final List<Asked> asked = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch gate = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer server;
    private String url;
    private volatile boolean gated;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
        url = "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
    }

    @AfterEach
    void stop() {
        gate.countDown();
        server.stop(0);
        threads.shutdownNow();
    }

    private void answer(HttpExchange exchange) throws IOException {
        asked.add(new Asked(
                exchange.getRequestURI().getPath(),
                exchange.getRequestHeaders().getFirst("Authorization"),
                Json.mapper().readTree(exchange.getRequestBody().readAllBytes())));
        arrived.countDown();
        try {
            if (gated && !gate.await(20, TimeUnit.SECONDS)) {
                throw new AssertionError("the gate stayed closed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Answer answer;
        synchronized (answers) {
            answer = answers.size() > 1 ? answers.removeFirst() : answers.getFirst();
        }
        byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private void says(String text) {
        var body = Json.mapper().createObjectNode();
        body.putArray("choices").addObject().putObject("message").put("content", text);
        answers.add(new Answer(200, body.toString()));
    }

    private JudgeSettings settings(Duration timeout, int attempts, int concurrent) {
        return new JudgeSettings(
                url, KEY, "grader", timeout, attempts, concurrent, Map.of("quality", "Grade from 0 to 10."));
    }

    private Verdict ask() {
        return new Judge(settings(PATIENT, 3, 4)).ask("quality", "some text").join();
    }

    @Test
    void theLastScoreLineCounts() {
        says("At first I thought\nScore: 3\nbut then\n  score:  -7.5  \nas I said, a Score: 9 is too much");

        Verdict verdict = ask();

        assertThat(verdict.status()).isEqualTo(RewardStatus.OK);
        assertThat(verdict.score()).isEqualTo(-7.5);
        assertThat(verdict.reason()).contains("but then");
    }

    @Test
    void anAnswerWithoutAScoreLineIsAFailureWithTheAnswerAsReason() {
        for (String text : List.of("It is good.", "Score: high", "Score: 7/10", "Score:", "")) {
            answers.clear();
            says(text);

            Verdict verdict = ask();

            assertThat(verdict.status()).as(text).isEqualTo(RewardStatus.FAILED);
            assertThat(verdict.reason()).contains("has no line 'Score: NUMBER'").contains(text);
        }
    }

    @Test
    void aScoreThatNoNumberCanHoldIsAFailure() {
        says("Score: " + "9".repeat(400));

        assertThat(ask().status()).isEqualTo(RewardStatus.FAILED);
    }

    @Test
    void theScoreMustStandOnTheLineOfItsWord() {
        says("Score:\n5");

        assertThat(ask().status()).isEqualTo(RewardStatus.FAILED);
    }

    @Test
    void theQuestionIsAChatWithTheRolesPromptAndTheKeyAsBearer() {
        says("Score: 1");

        ask();

        Asked question = asked.get(0);
        assertThat(question.path()).isEqualTo("/v1/chat/completions");
        assertThat(question.authorization()).isEqualTo("Bearer " + KEY);
        assertThat(question.body().path("model").asText()).isEqualTo("grader");
        assertThat(question.body().path("temperature").asDouble(-1)).isZero();
        assertThat(question.body().path("messages").toString())
                .isEqualTo("[{\"role\":\"system\",\"content\":\"Grade from 0 to 10.\"},"
                        + "{\"role\":\"user\",\"content\":\"some text\"}]");
    }

    @Test
    void aSlashAtTheEndOfTheAddressDoesNoHarm() {
        url += "/";
        says("Score: 1");

        assertThat(ask().status()).isEqualTo(RewardStatus.OK);
        assertThat(asked.get(0).path()).isEqualTo("/v1/chat/completions");
    }

    @Test
    void passingFailuresAreTriedAgain() {
        answers.add(new Answer(500, ""));
        answers.add(new Answer(429, ""));
        says("Score: 4");

        assertThat(ask()).isEqualTo(new Verdict(RewardStatus.OK, 4, "Score: 4"));
        assertThat(asked).hasSize(3);
    }

    @Test
    void attemptsAreNotWithoutEnd() {
        answers.add(new Answer(503, ""));

        Verdict verdict =
                new Judge(settings(PATIENT, 2, 4)).ask("quality", "text").join();

        assertThat(verdict.status()).isEqualTo(RewardStatus.FAILED);
        assertThat(verdict.reason()).contains("503");
        assertThat(asked).hasSize(2);
    }

    @Test
    void aRefusalIsNotTriedAgain() {
        answers.add(new Answer(401, ""));

        assertThat(ask()).isEqualTo(new Verdict(RewardStatus.FAILED, 0, "the judge answered with status 401"));
        assertThat(asked).hasSize(1);
    }

    @Test
    void anAnswerThatIsNotJsonIsAFailure() {
        answers.add(new Answer(200, "<html>"));

        assertThat(ask()).isEqualTo(new Verdict(RewardStatus.FAILED, 0, "the judge's answer is not JSON"));
    }

    @Test
    void aJudgeThatTakesTooLongIsATimeout() {
        gated = true;
        says("Score: 4");

        Verdict verdict = new Judge(settings(Duration.ofMillis(200), 1, 4))
                .ask("quality", "text")
                .join();

        assertThat(verdict.status()).isEqualTo(RewardStatus.TIMEOUT);
        assertThat(verdict.reason()).contains("did not answer after 1 attempts");
    }

    @Test
    void aJudgeThatIsNotThereIsAFailure() {
        server.stop(0);

        Verdict verdict =
                new Judge(settings(PATIENT, 1, 4)).ask("quality", "text").join();

        assertThat(verdict.status()).isEqualTo(RewardStatus.FAILED);
        assertThat(verdict.reason()).contains("did not answer").doesNotContain(KEY);
    }

    @Test
    void anUnknownRoleAndNoJudgeAtAllAreFailuresThatSayWhatToSet() {
        JudgeSettings none = new JudgeSettings(null, null, "judge", PATIENT, 1, 1, Map.of("quality", "Grade."));

        assertThat(new Judge(none).ask("quality", "text").join().reason())
                .isEqualTo("no judge is configured: set reward.judge.base_url");
        assertThat(new Judge(settings(PATIENT, 1, 1)).ask("beauty", "text").join())
                .isEqualTo(new Verdict(RewardStatus.FAILED, 0, "reward.judge.prompts has no role 'beauty'"));
        assertThat(asked).isEmpty();
    }

    @Test
    void placesAreGivenBackAfterEachAnswer() throws InterruptedException {
        gated = true;
        says("Score: 4");
        Judge judge = new Judge(settings(PATIENT, 1, 1));
        CompletableFuture<Verdict> first = judge.ask("quality", "text");
        assertThat(arrived.await(20, TimeUnit.SECONDS)).isTrue();

        Verdict crowded = judge.ask("quality", "text").join();
        gate.countDown();

        assertThat(crowded.reason()).isEqualTo("the judge is asked 1 times at once already");
        assertThat(first.join().status()).isEqualTo(RewardStatus.OK);
        assertThat(judge.ask("quality", "text").join().status()).isEqualTo(RewardStatus.OK);
    }

    @Test
    void theKeyIsNeverWritten() {
        JudgeSettings settings = settings(PATIENT, 1, 1);

        assertThat(settings.toString()).contains(url).doesNotContain(KEY);
    }

    @Test
    void aKeyThatCannotBeSentIsRefusedWithoutShowingIt() {
        assertThatThrownBy(() -> new JudgeSettings(url, KEY + "\n", "judge", PATIENT, 1, 1, Map.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("reward.judge.api_key")
                .hasMessageNotContaining(KEY);
    }

    @Test
    void anAddressThatIsNoneIsRefusedAtTheStart() {
        for (String address : List.of("localhost:8000/v1", "ftp://host/v1", "http://", "not an address")) {
            assertThatThrownBy(() -> new JudgeSettings(address, null, "judge", PATIENT, 1, 1, Map.of()))
                    .as(address)
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("reward.judge.base_url is '" + address
                            + "' but must be an address such as http://localhost:8000/v1");
        }
    }

    @Test
    void limitsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> settings(Duration.ZERO, 1, 1)).hasMessageContaining("timeout above 0");
        assertThatThrownBy(() -> settings(PATIENT, 0, 1)).hasMessageContaining("one attempt");
        assertThatThrownBy(() -> settings(PATIENT, 1, 0)).hasMessageContaining("concurrent");
    }
}
