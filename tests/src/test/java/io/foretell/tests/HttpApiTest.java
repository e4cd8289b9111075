package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.tests.HttpApi.Request;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** A server with all roles answers as its OpenAPI documents say. */
@Tag("integration")
class HttpApiTest {
    private static final Duration DEADLINE = Duration.ofSeconds(120);
    private static final String LINES = "application/x-ndjson";
    private static final String TEMPLATE = """
            {% for m in messages %}{{ '<|' + m.role + '|>' + m.content }}
            {% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}""";

    @TempDir
    static Path folder;

    private static ForetellProcess server;
    private static HttpApi api;
    private static long version;

    @BeforeAll
    static void aServerHasTrainedAFewSteps() throws IOException {
        Path model = folder.resolve("model");
        try (ForetellProcess init =
                ForetellProcess.foretell("init", model, "--size", "micro", "--tokenizer", "bytes")) {
            assertThat(init.awaitExit(DEADLINE)).as("%s", init).isZero();
        }
        Files.writeString(model.resolve("chat_template.jinja"), TEMPLATE);
        server = ForetellProcess.foretell("up", "-c", config(model));
        api = new HttpApi(server.url(), "a-key");
        String documents = IntStream.range(0, 12)
                .mapToObj(i -> "{\"text\": \"Document " + i + " says what nobody has said before.\", \"domain\": \""
                        + (i < 2 ? "held-out" : "plain") + "\"}\n")
                .collect(Collectors.joining());
        JsonNode accepted = api.call(202, "postDocuments", new Request(Map.of(), LINES, documents))
                .body();
        assertThat(accepted.path("accepted").asInt()).isEqualTo(12);
        example("postDocuments");
        Awaitility.await("training on what was sent to " + server)
                .atMost(DEADLINE)
                .until(() -> api.call(200, "getStatus", Request.NONE)
                                        .body()
                                        .path("step")
                                        .asLong()
                                >= 4
                        && api.call(200, "getDocument", Request.of(Map.of("id", "hamlet-3-1")))
                                .text()
                                .contains("known"));
        JsonNode versions = api.call(200, "listPolicies", Request.NONE).body().path("versions");
        version = versions.path(versions.size() - 1).asLong();
    }

    private static Path config(Path model) {
        return new TestRun(folder, "api")
                .config(
                        0,
                        0,
                        Map.of(
                                "policy", "{path: '" + model + "', threads: 1}",
                                "documents", "{sources: [], deduplicate: exact}",
                                "phases", "[{objective: ntp, steps: 1}, {objective: rlp, options: {min_prefix: 5}}]",
                                "learner", "{prompts_per_step: 1}",
                                "rollout", "{n: 2, max_prompt_length: 48, max_response_length: 8}",
                                "reward",
                                        "{rewards: {answers: [{kind: exact_match}, {kind: length, min: 2, weight: 0.5}],"
                                                + " judged: [{kind: judge, role: safety}]}}",
                                "eval", "{interval: 1, before_train: false, samples: 2, documents: 2}",
                                "weight_sync", "{keep_last: 100}",
                                "http", "{port: 0, api_keys: [a-key]}"));
    }

    @AfterAll
    static void end() {
        if (server != null) {
            server.close();
        }
    }

    static Stream<String> operations() {
        return OpenApi.all().stream()
                .flatMap(document -> document.operations().stream())
                .map(OpenApi.Operation::id)
                .filter(id -> !id.equals("streamEvents"));
    }

    /** Every example of a request is one that the server takes. */
    @ParameterizedTest
    @MethodSource("operations")
    void everyExampleIsAnsweredAsDescribed(String operationId) {
        assertThat(example(operationId)).isPositive();
    }

    private static int example(String operationId) {
        OpenApi.Operation operation = OpenApi.operation(operationId);
        Map<String, String> parameters = new HashMap<>();
        operation
                .node()
                .path("parameters")
                .forEach(parameter -> parameters.put(
                        parameter.path("name").asText(),
                        parameter.path("example").asText()));
        parameters.remove("Range");
        parameters.replace("version", String.valueOf(version));
        if (operation.requestContent().isEmpty()) {
            success(operationId, Request.of(parameters));
            return 1;
        }
        int examples = 0;
        for (Map.Entry<String, JsonNode> body : operation.requestContent().entrySet()) {
            for (JsonNode value : OpenApi.examples(body.getValue())) {
                String text = value.isTextual() ? value.asText() : value.toString();
                success(operationId, new Request(parameters, body.getKey(), here(text)));
                examples++;
            }
        }
        return examples;
    }

    /* The example's run is another. */
    private static String here(String body) {
        Path policies = new TestRun(folder, "api").folder().resolve("policies");
        return body.replace("runs/quickstart/policies/000123", policies + String.format("/%06d", version));
    }

    private static void success(String operationId, Request request) {
        HttpApi.Answer answer = api.call(operationId, request);
        assertThat(answer.status()).as("%s: %s", operationId, answer.text()).isBetween(200, 299);
    }

    @ParameterizedTest
    @MethodSource("operations")
    void withoutAKeyOnlyHealthIsAnswered(String operationId) {
        Map<String, String> any = Map.of("id", "x", "version", "1", "file", "x", "document", "server.yaml");
        boolean isOpen = !OpenApi.operation(operationId).node().path("security").isMissingNode();
        assertThat(api.withoutKey().call(operationId, Request.of(any)).status()).isEqualTo(isOpen ? 200 : 401);
    }

    @Test
    void eventsAreRowsAndStatuses() throws IOException {
        Map<String, JsonNode> schemas = Map.of(
                "status", schema("getStatus"),
                "step",
                        schema("getMetricsSeries")
                                .path("properties")
                                .path("rows")
                                .path("items"));
        Map<String, JsonNode> events = new TreeMap<>();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(
                api.stream("streamEvents", Request.of(Map.of("last_event_id", "0"))), StandardCharsets.UTF_8))) {
            String event = "";
            for (String line = lines.readLine(); events.size() < 2; line = lines.readLine()) {
                if (line.startsWith("event: ")) {
                    event = line.substring("event: ".length());
                } else if (line.startsWith("data: ")) {
                    events.put(event, TestRun.json(line.substring("data: ".length())));
                }
            }
        }
        assertThat(events.keySet()).isEqualTo(schemas.keySet());
        events.forEach((event, data) -> assertThat(Schemas.violations(Schemas.closed(schemas.get(event)), data))
                .as("%s %s", event, data)
                .isEmpty());
    }

    private static JsonNode schema(String operationId) {
        return OpenApi.operation(operationId)
                .response(200)
                .path("content")
                .path("application/json")
                .path("schema");
    }

    @Test
    void theDocumentsAreServed() {
        for (String name : OpenApi.NAMES) {
            assertThat(api.call(200, "getOpenApiDocument", Request.of(Map.of("document", name)))
                            .text())
                    .isEqualTo(OpenApi.text(name));
        }
        api.call(404, "getOpenApiDocument", Request.of(Map.of("document", "other.yaml")));
    }

    @Test
    void metricsOfBothKindsAreRows() {
        JsonNode rows = api.call(200, "getMetricsSeries", Request.NONE).body().path("rows");
        assertThat(rows).anyMatch(row -> row.has("actor/loss")).anyMatch(row -> row.has("heldout/information_gain"));
        assertThat(api.call(200, "listRecentRollouts", Request.of(Map.of("limit", "200")))
                        .body()
                        .path("groups"))
                .isNotEmpty();
        api.call(400, "getMetricsSeries", Request.of(Map.of("since", "x")));
        api.call(400, "listRecentRollouts", Request.of(Map.of("limit", "x")));
        api.call(400, "streamEvents", Request.of(Map.of("last_event_id", "x")));
    }

    @Test
    void policiesAreServedInParts() {
        Map<String, String> file = Map.of("version", String.valueOf(version), "file", "config.json");
        Map<String, String> part = new HashMap<>(file);
        part.put("Range", "bytes=1-4");
        assertThat(api.call(206, "getPolicyFile", Request.of(part)).text()).hasSize(4);
        part.put("Range", "bytes=99999999-");
        api.call(416, "getPolicyFile", Request.of(part));
        api.call(404, "getPolicyFile", Request.of(Map.of("version", String.valueOf(version), "file", "other")));
        api.call(404, "getPolicyManifest", Request.of(Map.of("version", "999999")));
        api.call(400, "getPolicyManifest", Request.of(Map.of("version", "x")));
        api.call(400, "getPolicyFile", Request.of(Map.of("version", "x", "file", "x")));
    }

    @Test
    void documentsAreRefusedAsDescribed() {
        api.call(409, "postDocuments", Request.json("{\"id\": \"hamlet-3-1\", \"text\": \"Another text.\"}"));
        api.call(400, "postDocuments", Request.json("[]"));
        api.call(415, "postDocuments", new Request(Map.of(), "text/plain", "text"));
        api.call(422, "postDocuments", Request.json("{\"text\": \" \"}"));
        api.call(413, "postDocuments", Request.json("{\"text\": \"" + "a".repeat(11_000_001) + "\"}"));
        JsonNode upload = api.call(202, "postDocuments", new Request(Map.of(), LINES, "x\n".repeat(1001)))
                .body();
        assertThat(upload.path("rejected_in_all").asInt()).isEqualTo(1001);
        assertThat(api.call(200, "getDocument", Request.of(Map.of("id", "other")))
                        .body()
                        .path("status")
                        .asText())
                .isEqualTo("unknown");
    }

    @Test
    void generationIsRefusedAsDescribed() {
        String big = "{\"prefix\": \"" + "a".repeat(5_000_000) + "\"}";
        for (String operation : List.of("createCompletion", "createChatCompletion", "createRollouts", "score")) {
            api.call(400, operation, Request.NONE);
            api.call(413, operation, Request.json(big));
        }
        api.call(400, "createRollouts", Request.json("{\"prefix\": \"" + "a".repeat(2048) + "\"}"));
        api.call(
                422,
                "createChatCompletion",
                Request.json("{\"messages\": [{\"role\": \"user\"}], \"tools\": [{}],"
                        + " \"chat_template_kwargs\": {\"messages\": 1}}"));
    }

    @Test
    void everyWayToAskForTokensIsDescribed() {
        String more = ", \"max_tokens\": 4, \"n\": 2, \"return_token_ids\": true, \"ignore_eos\": true,"
                + " \"return_tokens_as_token_ids\": true, \"logprobs\": true}";
        JsonNode completion = api.call(200, "createCompletion", Request.json("{\"prompt\": [[65], [66, 67]]" + more))
                .body();
        assertThat(completion.path("choices")).hasSize(4);
        JsonNode chat = api.call(
                        200,
                        "createChatCompletion",
                        Request.json("{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]" + more))
                .body();
        assertThat(chat.path("choices").path(1).path("token_ids")).hasSize(4);
        String stopped = "{\"prompt\": \"x\", \"max_tokens\": 4, \"stop_token_ids\": "
                + IntStream.range(0, 259).boxed().toList() + "}";
        assertThat(api.call(200, "createCompletion", Request.json(stopped))
                        .body()
                        .at("/choices/0/stop_reason")
                        .isInt())
                .isTrue();
    }

    @Test
    void aRewardThatFailsHasAReason() {
        JsonNode answer = api.call(
                        200,
                        "score",
                        Request.json("{\"reward\": \"judged\", \"prompt\": \"2+2=\", \"responses\": [\"4\"]}"))
                .body();
        assertThat(answer.at("/rewards/0/status").asText()).isEqualTo("failed");
    }

    @Test
    void weightsAreRefusedAsDescribed() {
        api.call(422, "updateWeights", Request.json("{\"weight_dir\": \"/nowhere\"}"));
        api.call(400, "updateWeights", Request.json("no JSON"));
        api.call(413, "updateWeights", Request.json("{\"weight_dir\": \"" + "a".repeat(70_000) + "\"}"));
        api.call(200, "updateWeights", Request.NONE);
    }

    /** What the schema of a request refuses, the server refuses too, and nothing else. */
    @ParameterizedTest
    @MethodSource("bodies")
    void schemaAndServerAgreeOnRequests(String operationId, String body) {
        JsonNode schema = OpenApi.operation(operationId)
                .requestContent()
                .get("application/json")
                .path("schema");
        List<String> violations = Schemas.violations(schema, TestRun.json(body));
        HttpApi.Answer answer = api.call(operationId, Request.json(body));
        assertThat(answer.status() < 300)
                .as("%s %s: the schema says %s, the server %s", operationId, body, violations, answer.text())
                .isEqualTo(violations.isEmpty());
    }

    static Stream<Arguments> bodies() {
        return RequestBodies.ALL.entrySet().stream()
                .flatMap(bodies -> bodies.getValue().stream().map(body -> Arguments.of(bodies.getKey(), body)));
    }

    @Test
    void otherPathsAndMethodsAreProblems() {
        api.problem(404, "GET", "/nowhere");
        api.problem(405, "DELETE", "/v1/status");
    }
}
