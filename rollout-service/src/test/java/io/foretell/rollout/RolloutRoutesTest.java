package io.foretell.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.domain.PublishedWeights;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.RandomWeights;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.platform.AtomicFiles;
import io.foretell.platform.Json;
import io.foretell.platform.Time;
import io.foretell.policy.PolicyOptions;
import io.foretell.weightsync.PolicyFetch;
import io.foretell.weightsync.ServedPolicy;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.ext.web.Router;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A random model answers over HTTP. */
@Tag("integration")
class RolloutRoutesTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.EPOCH);
    private static final HttpClient CLIENT = HttpClient.newHttpClient();
    private static final String TEMPLATE = """
            {% for m in messages %}
            {{ '<|' + m.role + '|>' + m.content.strip() }}
            {% endfor %}
            {%- if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}
            {%- if thinking is defined %}{{ '<think>' if thinking else raise_exception('think!') }}{% endif %}
            """;

    @TempDir
    static Path folder;

    private static Vertx vertx;
    private static ServedPolicy policy;
    private static HuggingFaceTokenizer tokenizer;
    private static String withTemplate;
    private static String without;

    @BeforeAll
    static void serve() throws Exception {
        Path tokenizerFile = folder.resolve("bytes.json");
        Files.write(tokenizerFile, TokenizerFiles.bytes());
        Path model = folder.resolve("model");
        RandomWeights.write(model, ModelConfig.ofSize("qwen3", "micro", 259), tokenizerFile, 5);
        policy = new ServedPolicy(
                "test-policy", PolicyOptions.DEFAULT, Duration.ofMinutes(1), PolicyFetch.folder(), Time.system());
        policy.swap(new PublishedWeights("run", 3, model.toString(), Map.of()));
        tokenizer = HuggingFaceTokenizer.open(model);
        vertx = Vertx.vertx();
        without = serve(ServedModel.read(model, tokenizer, CLOCK));
        Files.writeString(model.resolve("chat_template.jinja"), TEMPLATE);
        Files.writeString(model.resolve("generation_config.json"), "{\"eos_token_id\": [256, 258, 100000]}");
        ServedModel served = ServedModel.read(model, tokenizer, CLOCK);
        assertThat(served.endTokens()).containsExactly(256, 258);
        withTemplate = serve(served);
    }

    private static String serve(ServedModel model) throws Exception {
        Router router = Router.router(vertx);
        router.route().failureHandler(ctx -> {
            int status = ctx.failure() instanceof io.foretell.platform.ForetellException known
                    ? known.code().status()
                    : 500;
            ctx.response()
                    .setStatusCode(status)
                    .end("{\"detail\": \"" + ctx.failure().getMessage().replace("\"", "'") + "\"}");
        });
        new RolloutRoutes(policy, model, null, null, null, 8, CLOCK).mount(router);
        HttpServer server = vertx.createHttpServer()
                .requestHandler(router)
                .listen(0)
                .toCompletionStage()
                .toCompletableFuture()
                .get(60, TimeUnit.SECONDS);
        return "http://127.0.0.1:" + server.actualPort();
    }

    @AfterAll
    static void end() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
        policy.close();
        tokenizer.close();
    }

    private static JsonNode post(int status, String url, String body) throws IOException, InterruptedException {
        HttpResponse<String> response = CLIENT.send(
                HttpRequest.newBuilder(URI.create(url))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        return Json.mapper().readTree(response.body());
    }

    private static JsonNode chat(int status, String members) throws IOException, InterruptedException {
        return post(
                status,
                withTemplate + "/v1/chat/completions",
                "{\"messages\": [{\"role\": \"system\", \"content\": \" be kind \"}, {\"role\": \"user\", \"content\":"
                        + " [{\"type\": \"text\", \"text\": \"hi\"}, {\"type\": \"text\", \"text\": \"you\"}]}]"
                        + members + "}");
    }

    /** The model as a published version whose manifest says {@code sha256} of its weights. */
    private static String published(long version, String sha256) throws IOException {
        Path published = Files.createDirectories(folder.resolve(String.format("policies/%06d", version)));
        for (String name : List.of("config.json", "tokenizer.json", "model.safetensors")) {
            Files.copy(folder.resolve("model").resolve(name), published.resolve(name));
        }
        Files.writeString(
                published.resolve("manifest.json"),
                "{\"files\": {\"model.safetensors\": {\"size\": 1, \"sha256\": \"" + sha256 + "\"}}}");
        return published.toString();
    }

    private static String weightVersion() throws IOException, InterruptedException {
        URI uri = URI.create(without + "/weight_info");
        String answer = CLIENT.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                .body();
        return Json.mapper().readTree(answer).path("weight_version").asText();
    }

    @Test
    void publishedWeightsAreTakenWholeOrNotAtAll() throws Exception {
        PublishedWeights before = policy.current();
        String good = published(9, AtomicFiles.sha256(folder.resolve("model/model.safetensors")));
        String damaged = published(10, "0".repeat(64));
        try {
            JsonNode answer = post(200, without + "/update_weights", "{\"update_info\": {\"path\": \"" + good + "\"}}");
            assertThat(answer.path("message").asText()).isEqualTo("Weights updated");
            assertThat(weightVersion()).isEqualTo("policy-9");
            post(500, without + "/update_weights", "{\"weight_dir\": \"" + damaged + "\"}");
            post(422, without + "/update_weights", "{\"weight_dir\": \"" + folder.resolve("model") + "\"}");
            assertThat(weightVersion()).isEqualTo("policy-9");
        } finally {
            policy.swap(before);
        }
    }

    @Test
    void aChatIsACompletionOfItsTemplatesText() throws Exception {
        JsonNode chat = chat(200, ", \"seed\": 4, \"n\": 2, \"max_tokens\": 12, \"return_token_ids\": true");
        JsonNode plain = post(
                200,
                withTemplate + "/v1/completions",
                "{\"prompt\": \"<|system|>be kind\\n<|user|>hi\\nyou\\n<|assistant|>\", \"seed\": 4, \"n\": 2,"
                        + " \"max_tokens\": 12, \"return_token_ids\": true}");
        assertThat(chat.path("prompt_token_ids"))
                .isEqualTo(plain.path("choices").path(0).path("prompt_token_ids"));
        for (int i = 0; i < 2; i++) {
            assertThat(chat.path("choices").path(i).path("token_ids"))
                    .isEqualTo(plain.path("choices").path(i).path("token_ids"));
            assertThat(chat.path("choices").path(i).path("message").path("content"))
                    .isEqualTo(plain.path("choices").path(i).path("text"));
        }
        assertThat(chat.path("model").asText()).isEqualTo("policy-3");
        assertThat(chat.path("usage")).isEqualTo(plain.path("usage"));
    }

    @Test
    void anAnswerIsAsLongAsTheRunsUnlessTheRequestSays() throws Exception {
        assertThat(chat(200, ", \"ignore_eos\": true")
                        .path("usage")
                        .path("completion_tokens")
                        .asInt())
                .isEqualTo(8);
        assertThat(chat(200, ", \"ignore_eos\": true, \"max_completion_tokens\": 3, \"max_tokens\": 5")
                        .path("usage")
                        .path("completion_tokens")
                        .asInt())
                .isEqualTo(3);
    }

    @Test
    void aStopTextEndsTheAnswer() throws Exception {
        String text = chat(200, ", \"seed\": 9, \"max_tokens\": 40, \"ignore_eos\": true")
                .path("choices")
                .path(0)
                .path("message")
                .path("content")
                .asText();
        String stop = text.substring(text.length() / 2, text.length() / 2 + 1);
        JsonNode choice = chat(
                        200,
                        ", \"seed\": 9, \"max_tokens\": 40, \"ignore_eos\": true, \"stop\": "
                                + Json.mapper().writeValueAsString(stop))
                .path("choices")
                .path(0);
        assertThat(choice.path("message").path("content").asText()).isEqualTo(text.substring(0, text.indexOf(stop)));
        assertThat(choice.path("finish_reason").asText()).isEqualTo("stop");
        assertThat(choice.path("stop_reason").asText()).isEqualTo(stop);
    }

    @Test
    void theTemplatesOwnVariablesArePassedAndItsRefusalIsASentence() throws Exception {
        JsonNode thinks = chat(200, ", \"chat_template_kwargs\": {\"thinking\": true}, \"return_token_ids\": true");
        assertThat(thinks.path("prompt_token_ids")
                        .path(thinks.path("prompt_token_ids").size() - 1)
                        .asInt())
                .isEqualTo(257);
        assertThat(chat(422, ", \"chat_template_kwargs\": {\"thinking\": false}")
                        .path("detail")
                        .asText())
                .isEqualTo("the chat template refuses these messages: think!");
    }

    @Test
    void withoutATemplateTheSentenceSaysWhatToDo() throws Exception {
        assertThat(post(
                                422,
                                without + "/v1/chat/completions",
                                "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}")
                        .path("detail")
                        .asText())
                .isEqualTo("the model's folder has no chat template: use /v1/completions, or add 'chat_template' to its"
                        + " tokenizer_config.json");
    }

    @Test
    void whatIsWrongWithAChatIsNamed() throws Exception {
        assertThat(chat(400, ", \"stream\": true").path("detail").asText()).startsWith("'stream' is not supported");
        assertThat(chat(400, ", \"top_logprobs\": 5, \"logprobs\": true")
                        .path("detail")
                        .asText())
                .startsWith("'top_logprobs' is not supported");
        assertThat(chat(400, ", \"logprobs\": 3").path("detail").asText()).contains("'logprobs'");
        assertThat(chat(400, ", \"max_tokens\": 1000000").path("detail").asText())
                .contains("'max_tokens'");
        assertThat(chat(400, ", \"tool_choice\": \"required\"").path("detail").asText())
                .contains("'tool_choice'");
        String url = withTemplate + "/v1/chat/completions";
        assertThat(post(400, url, "{\"messages\": []}").path("detail").asText()).contains("'messages'");
        assertThat(post(400, url, "{\"messages\": [{\"content\": \"x\"}]}")
                        .path("detail")
                        .asText())
                .contains("message 0 needs a 'role'");
        assertThat(post(400, url, "{\"messages\": [{\"role\": \"user\", \"content\": [{\"type\": \"image_url\"}]}]}")
                        .path("detail")
                        .asText())
                .contains("image_url");
        assertThat(post(400, url, "[]").path("detail").asText()).contains("must be a JSON object");
    }

    @Test
    void aGroupsSeedIsAWholeNumber() throws Exception {
        assertThat(post(400, withTemplate + "/v1/rollouts", "{\"prefix\": \"x\", \"seed\": \"7\"}")
                        .path("detail")
                        .asText())
                .contains("'seed' is")
                .contains("must be a whole number");
    }

    @Test
    void aClientThatGoesAwayLeavesNothingRunning() throws Exception {
        URI uri = URI.create(without);
        String body = "{\"prompt\": \"a\", \"n\": 1024, \"max_tokens\": 2000, \"ignore_eos\": true}";
        String request =
                "POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.length() + "\r\n\r\n" + body;
        try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            await(() -> policy.load().running() > 0);
        }
        await(() -> policy.load().running() == 0); // it would take longer than the wait
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited for 30 s").isLessThan(deadline);
            Thread.sleep(1);
        }
    }
}
