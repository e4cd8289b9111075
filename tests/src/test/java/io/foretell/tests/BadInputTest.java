package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.Time;
import io.foretell.streams.DeadLetter;
import io.foretell.streams.DeadLetters;
import io.foretell.streams.RecordSender;
import io.foretell.streams.Topics;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One server without documents of its own is sent everything that is wrong, and goes on with what is right. */
@Tag("integration")
class BadInputTest {
    private static final Duration DEADLINE = Duration.ofSeconds(120);
    private static final String JSON = "application/json";

    @TempDir
    static Path folder;

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
    private static final Topics TOPICS = new Topics("endless");
    private static ForetellProcess server;
    private static String url;
    private static RecordSender sender;
    private static DeadLetters letters;
    private static int good;

    @BeforeAll
    static void aServerWaitsForDocuments() {
        Path config = new TestRun(folder, "endless")
                .config(
                        0,
                        0,
                        Map.of(
                                "policy", "{init: {arch: qwen3, size: micro, tokenizer: bytes}, threads: 1}",
                                "documents", "{sources: [], deduplicate: exact}",
                                "learner", "{prompts_per_step: 1}",
                                "rollout", "{n: 2, max_prompt_length: 48, max_response_length: 8}",
                                "eval", "{interval: 0, before_train: false}"));
        server = ForetellProcess.foretell("up", "-c", config);
        url = server.url();
        sender = new RecordSender(server.bootstrap());
        letters = new DeadLetters(server.bootstrap(), TOPICS, sender);
    }

    @AfterAll
    static void endAll() {
        if (sender != null) {
            sender.close();
        }
        if (server != null) {
            server.close();
        }
    }

    @Test
    void whatIsNotJsonIsRefused() throws Exception {
        assertThat(refusal(400, bytes("this is no JSON"))).contains("not valid JSON");
        assertThat(refusal(400, bytes("{\"text\": \"it ends too early"))).contains("not valid JSON");
        assertThat(refusal(400, new byte[0])).contains("empty");
        trainingGoesOn();
    }

    @Test
    void anArrayInPlaceOfADocumentIsRefused() throws Exception {
        assertThat(refusal(400, bytes("[{\"text\": \"one\"}, {\"text\": \"two\"}]")))
                .contains("not a JSON object");
    }

    @Test
    void aDocumentWithoutTextIsRefused() throws Exception {
        assertThat(refusal(422, bytes("{\"id\": \"a\", \"body\": \"x\"}"))).contains("has no text");
        assertThat(refusal(422, bytes("{\"text\": 17}"))).contains("not a string");
        assertThat(refusal(422, bytes("{\"text\": \"\"}"))).contains("blank");
        assertThat(refusal(422, bytes("{\"text\": \" \\n\\t \"}"))).contains("blank");
        trainingGoesOn();
    }

    @Test
    void aDocumentThatIsNotUtf8IsRefused() throws Exception {
        byte[] latin1 = "{\"text\": \"caf\u00e9 au lait\"}".getBytes(StandardCharsets.ISO_8859_1);
        assertThat(refusal(400, latin1)).contains("UTF-8");
    }

    @Test
    void fiftyMegabytesAreRefused() throws Exception {
        byte[] body = new byte[50_000_000];
        Arrays.fill(body, (byte) 'a');
        byte[] head = bytes("{\"text\": \"");
        System.arraycopy(head, 0, body, 0, head.length);
        body[body.length - 2] = '"';
        body[body.length - 1] = '}';
        assertThat(refusal(413, body)).contains("larger than");
        trainingGoesOn();
    }

    @Test
    void anotherMediaTypeIsRefused() throws Exception {
        assertThat(problem(415, bytes("text"), "text/plain")).contains("application/json");
    }

    @Test
    void anIdThatBelongsToAnotherTextIsAConflict() throws Exception {
        byte[] first = bytes("{\"id\": \"mine\", \"text\": \"The first text that was ever sent under this id.\"}");
        assertThat(post(first, JSON).statusCode()).isEqualTo(202);
        Awaitility.await("the document is known")
                .atMost(DEADLINE)
                .until(() -> get("/v1/documents/mine").path("status").asText().equals("known"));
        assertThat(post(first, JSON).statusCode()).as("the same again").isEqualTo(202);
        byte[] other = bytes("{\"id\": \"mine\", \"text\": \"Quite another text that has nothing to do with it.\"}");
        assertThat(refusal(409, other)).contains("mine");
        // Who writes to Kafka directly learns it from the dead letters.
        send(TOPICS.documents(), "mine", other);
        assertThat(letter(other).reason()).contains("'mine' belongs to another text");
        trainingGoesOn();
    }

    @Test
    void badLinesOfAnUploadAreNamedAndTheOthersTaken() throws Exception {
        String lines = "{\"text\": \"The first line of an upload is a fine document.\"}\nno JSON at all\n"
                + "{\"id\": \"x\"}\n{\"text\": \"The last line of an upload is a fine document as well.\"}\n";
        HttpResponse<String> response = post(bytes(lines), "application/x-ndjson");
        JsonNode answer = TestRun.json(response.body());
        assertThat(response.statusCode()).as("%s", answer).isEqualTo(202);
        assertThat(answer.path("accepted").asInt()).isEqualTo(2);
        assertThat(answer.path("rejected").findValuesAsText("line")).containsExactly("2", "3");
        assertThat(answer.path("rejected").findValuesAsText("detail"))
                .allMatch(detail -> detail.startsWith("the document"));
    }

    @Test
    void garbageFromAKafkaProducerBecomesADeadLetterAndTheNextDocumentIsTaken() throws Exception {
        byte[] garbage = {(byte) 0xff, 0, 1, (byte) 0xfe, 'x'};
        byte[] empty = bytes("{\"id\": \"no-text\", \"domain\": \"web\"}");
        long before = step();
        send(TOPICS.documents(), "g", garbage);
        send(TOPICS.documents(), "e", empty);
        send(
                TOPICS.documents(),
                "ok",
                bytes("{\"id\": \"behind\", \"text\": \"A good document right behind two bad ones.\"}"));
        assertThat(letter(garbage).reason()).contains("UTF-8");
        assertThat(letter(empty).reason()).contains("has no text");
        assertThat(letter(empty).topic()).isEqualTo(TOPICS.documents());
        awaitStepAfter(before);
        Awaitility.await("the document behind is known")
                .atMost(DEADLINE)
                .until(() -> get("/v1/documents/behind").path("status").asText().equals("known"));
    }

    @Test
    void recordsOfInternalTopicsThatCannotBeReadStopNothing() throws Exception {
        List<String> internal = List.of(TOPICS.tasks(), TOPICS.rollouts(), TOPICS.scoredGroups());
        for (String topic : internal) {
            send(topic, "garbage", bytes("garbage on " + topic));
        }
        for (String topic : internal) {
            DeadLetter letter = letter(bytes("garbage on " + topic));
            assertThat(letter.topic()).isEqualTo(topic);
            assertThat(letter.reason()).contains("bytes are not a");
        }
        send(TOPICS.policies(), "other", bytes("garbage on policies"));
        trainingGoesOn();
        trainingGoesOn();
        HttpResponse<String> ready = CLIENT.send(
                HttpRequest.newBuilder(URI.create(url + "/health/ready")).build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(ready.statusCode()).as(ready.body()).isEqualTo(200);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static HttpResponse<String> post(byte[] body, String type) throws IOException, InterruptedException {
        return CLIENT.send(
                HttpRequest.newBuilder(URI.create(url + "/v1/documents"))
                        .timeout(DEADLINE)
                        .header("Content-Type", type)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static String refusal(int status, byte[] body) throws IOException, InterruptedException {
        return problem(status, body, JSON);
    }

    /** The sentence of the problem that posting {@code body} gives. */
    private static String problem(int status, byte[] body, String type) throws IOException, InterruptedException {
        HttpResponse<String> response = post(body, type);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(response.headers().firstValue("Content-Type")).contains("application/problem+json");
        JsonNode problem = TestRun.json(response.body());
        assertThat(problem.path("status").asInt()).isEqualTo(status);
        assertThat(problem.path("title").asText()).isNotEmpty();
        assertThat(problem.path("type").asText()).startsWith("/problems/");
        assertThat(problem.path("detail").asText()).contains(" ").doesNotContain("Exception");
        return problem.path("detail").asText();
    }

    private static JsonNode get(String path) throws IOException, InterruptedException {
        return TestRun.json(CLIENT.send(
                        HttpRequest.newBuilder(URI.create(url + path))
                                .timeout(DEADLINE)
                                .build(),
                        HttpResponse.BodyHandlers.ofString())
                .body());
    }

    private static void send(String topic, String key, byte[] value) throws Exception {
        sender.send(topic, key, value).get(DEADLINE.toSeconds(), TimeUnit.SECONDS);
    }

    private static DeadLetter letter(byte[] value) {
        return Awaitility.await("a dead letter")
                .atMost(DEADLINE)
                .until(
                        () -> letters.read(100, Time.system()).stream()
                                .filter(letter -> Arrays.equals(letter.value(), value))
                                .findFirst(),
                        java.util.Optional::isPresent)
                .orElseThrow();
    }

    private static long step() throws IOException, InterruptedException {
        return get("/v1/status").path("step").asLong();
    }

    private static void awaitStepAfter(long before) {
        Awaitility.await("a step after " + before + " of " + server)
                .atMost(DEADLINE)
                .until(() -> step() > before);
    }

    /** A good document becomes a training step. */
    private static void trainingGoesOn() throws Exception {
        long before = step();
        String text = "Document number " + good++ + " says what nobody else has said before.";
        assertThat(post(bytes("{\"text\": \"" + text + "\"}"), JSON).statusCode())
                .isEqualTo(202);
        awaitStepAfter(before);
    }
}
