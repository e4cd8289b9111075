package io.foretell.rollout;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.platform.Json;
import io.foretell.policy.Completion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnswerWriterTest {
    private static final int END = 256;

    @TempDir
    static Path folder;

    private static HuggingFaceTokenizer tokenizer;

    @BeforeAll
    static void open() throws IOException {
        Files.write(folder.resolve("tokenizer.json"), TokenizerFiles.bytes());
        tokenizer = HuggingFaceTokenizer.open(folder);
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    private static Completion sample(TokenArray tokens, FinishReason reason) {
        float[] logProbs = new float[tokens.length()];
        java.util.Arrays.fill(logProbs, -0.5f);
        return new Completion(tokens, FloatArray.zeros(tokens.length()), FloatArray.of(logProbs), reason, 1, List.of());
    }

    private static ObjectNode answer(String members, boolean chat, Completion... samples) throws IOException {
        JsonNode body = Json.mapper().readTree("{\"prompt\": \"ab\", \"seed\": 1, " + members + "}");
        CompletionRequest generation =
                Completions.read(body, new ServedModel(tokenizer, 64, List.of(END), Optional.empty()));
        return AnswerWriter.of(generation, tokenizer, chat, new RequestBody(body))
                .write(List.of(List.of(samples)), "1", 7, 99);
    }

    @Test
    void anAnswerHidesTheStopTokenInTheTextAndCountsIt() throws IOException {
        TokenArray word = tokenizer.encode("no");
        ObjectNode answer = answer(
                "\"n\": 2, \"logprobs\": 0",
                false,
                sample(word.append(END), FinishReason.STOP),
                sample(word, FinishReason.LENGTH));

        assertThat(answer.path("id").asText()).isEqualTo("cmpl-1");
        assertThat(answer.path("model").asText()).isEqualTo("policy-7");
        assertThat(answer.path("choices")).hasSize(2);
        JsonNode first = answer.path("choices").path(0);
        assertThat(first.path("text").asText()).isEqualTo("no");
        assertThat(first.path("finish_reason").asText()).isEqualTo("stop");
        assertThat(first.path("stop_reason").isNull()).isTrue();
        assertThat(first.path("token_ids")).hasSize(3);
        assertThat(first.path("logprobs").path("token_logprobs")).hasSize(3);
        assertThat(first.path("logprobs").path("tokens").toString()).isEqualTo("[\"n\",\"o\",\"<|endoftext|>\"]");
        assertThat(first.path("logprobs").path("text_offset").toString()).isEqualTo("[0,1,2]");
        JsonNode second = answer.path("choices").path(1);
        assertThat(second.path("text").asText()).isEqualTo("no");
        assertThat(second.path("finish_reason").asText()).isEqualTo("length");
        assertThat(second.path("index").asInt()).isEqualTo(1);
        assertThat(answer.path("usage").toString())
                .isEqualTo("{\"prompt_tokens\":2,\"completion_tokens\":5,\"total_tokens\":7}");
    }

    @Test
    void aStopTextIsCutOutAndNamedAndTheTokensStay() throws IOException {
        JsonNode choice = answer(
                        "\"stop\": [\"r w\"], \"return_tokens_as_token_ids\": true, \"logprobs\": 1",
                        false,
                        sample(tokenizer.encode("over w"), FinishReason.STOP))
                .path("choices")
                .path(0);
        assertThat(choice.path("text").asText()).isEqualTo("ove");
        assertThat(choice.path("stop_reason").asText()).isEqualTo("r w");
        assertThat(choice.path("token_ids")).hasSize(6);
        assertThat(choice.path("logprobs").path("tokens").path(0).asText()).startsWith("token_id:");
    }

    @Test
    void aStopTokenThatTheRequestNamesIsTheReason() throws IOException {
        JsonNode choice = answer(
                        "\"stop_token_ids\": [258]",
                        false,
                        sample(tokenizer.encode("x").append(258), FinishReason.STOP))
                .path("choices")
                .path(0);
        assertThat(choice.path("text").asText()).isEqualTo("x");
        assertThat(choice.path("stop_reason").asInt()).isEqualTo(258);
    }

    @Test
    void anAnswerInAChatIsAMessage() throws IOException {
        ObjectNode answer = answer(
                "\"logprobs\": true, \"return_token_ids\": true",
                true,
                sample(tokenizer.encode("é").append(END), FinishReason.STOP));
        assertThat(answer.path("id").asText()).isEqualTo("chatcmpl-1");
        assertThat(answer.path("object").asText()).isEqualTo("chat.completion");
        JsonNode choice = answer.path("choices").path(0);
        assertThat(choice.path("message").toString()).isEqualTo("{\"role\":\"assistant\",\"content\":\"é\"}");
        assertThat(choice.path("logprobs").path("content")).hasSize(3);
        assertThat(choice.path("token_ids")).hasSize(3);
        assertThat(answer.path("prompt_token_ids")).hasSize(2);
        assertThat(answer("\"n\": 1", true, sample(tokenizer.encode("a"), FinishReason.LENGTH))
                        .path("choices")
                        .path(0)
                        .has("token_ids"))
                .isFalse();
    }
}
