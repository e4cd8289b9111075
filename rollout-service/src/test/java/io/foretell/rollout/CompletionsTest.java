package io.foretell.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.objectives.FinishReason;
import io.foretell.objectives.FloatArray;
import io.foretell.objectives.TokenArray;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.HuggingFaceTokenizer;
import io.foretell.policy.Sample;
import io.foretell.policy.TokenizerFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompletionsTest {
    private static final int MOST_TOKENS = 32;
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

    private static Completions parse(String json) {
        try {
            return Completions.parse(Json.mapper().readTree(json), tokenizer, MOST_TOKENS);
        } catch (JsonProcessingException e) {
            throw new AssertionError("the test's own JSON is wrong: " + json, e);
        }
    }

    private static Completions with(String member) {
        return parse("{\"prompt\": \"ab\", \"seed\": 1, " + member + "}");
    }

    @Test
    void defaultsAreThoseOfTheProtocol() {
        Completions request = parse("{\"prompt\": \"ab\", \"seed\": 5}");

        assertThat(request).isEqualTo(new Completions(List.of(tokenizer.encode("ab")), 1, 16, 1f, 5, false, END));
    }

    @Test
    void everyKeyIsUnderstood() {
        Completions request = parse("{\"model\": \"policy-3\", \"prompt\": \"ab\", \"n\": 3, \"max_tokens\": 32,"
                + " \"temperature\": 0.5, \"seed\": -4, \"logprobs\": 1, \"user\": \"me\", \"request_id\": \"r\","
                + " \"return_token_ids\": true, \"stop_token_id\": 258}");

        assertThat(request).isEqualTo(new Completions(List.of(tokenizer.encode("ab")), 3, 32, 0.5f, -4, true, 258));
        assertThat(with("\"ignore_eos\": true").stopToken()).isEqualTo(-1);
    }

    @Test
    void aPromptIsATextOrTokensOrAListOfEither() {
        TokenArray a = TokenArray.of(1, 2);
        TokenArray b = TokenArray.of(3);

        assertThat(parse("{\"prompt\": [1, 2]}").prompts()).containsExactly(a);
        assertThat(parse("{\"prompt\": [[1, 2], [3]]}").prompts()).containsExactly(a, b);
        assertThat(parse("{\"prompt\": [\"ab\", \"c\"]}").prompts())
                .containsExactly(tokenizer.encode("ab"), tokenizer.encode("c"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"prompt\": null}",
                "{\"prompt\": []}",
                "{\"prompt\": 3}",
                "{\"prompt\": {\"a\": 1}}",
                "{\"prompt\": [[]]}",
                "{\"prompt\": [\"a\", null]}",
                "{\"prompt\": [true]}",
                "{\"prompt\": [1.5]}"
            })
    void anythingElseIsNoPrompt(String json) {
        assertRefused(json, "'prompt' must be a text, a list of texts, a list of token ids or a list of such lists");
    }

    @ParameterizedTest
    @ValueSource(strings = {"[1, 259]", "[1, -1]", "[1, \"2\"]", "[1, 2.7]", "[1, 4294967297]", "[[1], [5, null]]"})
    void tokensOutsideTheVocabularyAreRefused(String prompt) {
        assertRefused("{\"prompt\": " + prompt + "}", "is not in the vocabulary of 259 tokens");
    }

    @Test
    void anEmptyPromptIsRefused() {
        assertRefused("{\"prompt\": \"\"}", "a prompt is empty");
        assertRefused("{\"prompt\": [\"a\", \"\"]}", "a prompt is empty");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"top_p\": 0.9",
                "\"top_k\": 40",
                "\"top_k\": 0.5",
                "\"top_k\": \"few\"",
                "\"min_p\": 0.1",
                "\"min_p\": \"some\"",
                "\"presence_penalty\": 0.5",
                "\"frequency_penalty\": -1",
                "\"repetition_penalty\": 1.1",
                "\"best_of\": 2",
                "\"stream\": true",
                "\"stream\": \"yes\"",
                "\"echo\": true",
                "\"stop\": \"\\n\"",
                "\"stop\": [\"a\"]",
                "\"stop\": 5",
                "\"logit_bias\": {\"5\": 1}",
                "\"min_tokens\": 2",
                "\"temprature\": 1"
            })
    void aKeyThatWouldChangeTheResultIsRefusedByName(String member) {
        String key = member.substring(0, member.indexOf(':'));
        assertThatThrownBy(() -> with(member))
                .isInstanceOf(ForetellException.class)
                .hasMessage(key.replace('"', '\'') + " is not supported by this server; leave it out");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "\"top_p\": 1",
                "\"top_p\": 1.0",
                "\"top_k\": -1",
                "\"top_k\": 0",
                "\"min_p\": 0.0",
                "\"presence_penalty\": 0",
                "\"frequency_penalty\": 0.0",
                "\"repetition_penalty\": 1",
                "\"best_of\": 1",
                "\"stream\": false",
                "\"echo\": false",
                "\"stop\": []",
                "\"stop\": null",
                "\"logit_bias\": null",
                "\"suffix\": null",
                "\"n\": null",
                "\"max_tokens\": null",
                "\"temperature\": null",
                "\"logprobs\": null",
                "\"stop_token_id\": null",
                "\"ignore_eos\": null",
                "\"ignore_eos\": false"
            })
    void aValueThatChangesNothingIsAccepted(String member) {
        assertThat(with(member)).isEqualTo(parse("{\"prompt\": \"ab\", \"seed\": 1}"));
    }

    @ParameterizedTest
    @CsvSource({"n,0,1024", "n,1025,1024", "n,1.5,1024", "max_tokens,0,32", "max_tokens,33,32", "max_tokens,true,32"})
    void countsHaveBounds(String key, String value, int most) {
        assertThatThrownBy(() -> with("\"" + key + "\": " + value))
                .hasMessage("'" + key + "' is " + value + " but must be a whole number from 1 to " + most);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-1", "101", "1e-60", "\"warm\"", "true", "[]"})
    void aTemperatureIsANumberAboveZero(String value) {
        assertThatThrownBy(() -> with("\"temperature\": " + value))
                .isInstanceOf(ForetellException.class)
                .hasMessageStartingWith("'temperature' must be a number above 0");
    }

    @ParameterizedTest
    @CsvSource({
        "seed,\"x\"",
        "seed,1.5",
        "seed,92233720368547758070",
        "ignore_eos,\"yes\"",
        "ignore_eos,1",
        "stop_token_id,259",
        "stop_token_id,-2",
        "stop_token_id,\"</s>\"",
        "stop_token_id,1.5"
    })
    void valuesOfTheWrongKindAreRefusedAndNotReplaced(String key, String value) {
        assertThatThrownBy(() -> parse("{\"prompt\": \"ab\", \"" + key + "\": " + value.replace("'", "") + "}"))
                .isInstanceOf(ForetellException.class)
                .hasMessageContaining("'" + key + "'")
                .hasMessageContaining("must be");
    }

    @Test
    void aShortLimitOfTheServerIsAlsoTheDefault() throws JsonProcessingException {
        assertThat(Completions.parse(Json.mapper().readTree("{\"prompt\": \"a\"}"), tokenizer, 4)
                        .maxTokens())
                .isEqualTo(4);
    }

    @Test
    void seedsOfContinuationsFollowFromTheRequests() {
        String json = "{\"prompt\": [\"ab\", \"c\"], \"n\": 3, \"seed\": 11, \"temperature\": 0.5}";
        List<GenerationRequest> requests = parse(json).requests();

        assertThat(requests).isEqualTo(parse(json).requests()).hasSize(2);
        assertThat(requests.get(1).prompt()).isEqualTo(tokenizer.encode("c"));
        assertThat(requests.get(1).sampling().temperature()).isEqualTo(0.5f);
        assertThat(requests.get(1).sampling().minTokens()).isZero();
        assertThat(requests.get(1).sampling().maxTokens()).isEqualTo(16);
        assertThat(requests.stream().flatMap(request -> request.seeds().stream()))
                .hasSize(6)
                .doesNotHaveDuplicates();
        assertThat(parse("{\"prompt\": \"a\"}").seed())
                .as("without a seed each request has its own")
                .isNotEqualTo(parse("{\"prompt\": \"a\"}").seed());
    }

    @Test
    void anAnswerHidesTheStopTokenInTheTextAndCountsIt() {
        TokenArray word = tokenizer.encode("no");
        Sample stopped = new Sample(
                word.append(END),
                FloatArray.of(-1, -2, -3),
                FloatArray.of(-1, -2, -3),
                FinishReason.STOP,
                1,
                List.of());
        Sample cut = new Sample(word, FloatArray.of(-1, -2), FloatArray.of(-1, -2), FinishReason.LENGTH, 2, List.of());

        ObjectNode answer =
                with("\"n\": 2, \"logprobs\": 0").answer(List.of(List.of(stopped, cut)), tokenizer, "cmpl-1", 7, 99);

        assertThat(answer.path("model").asText()).isEqualTo("policy-7");
        assertThat(answer.path("choices")).hasSize(2);
        assertThat(answer.path("choices").path(0).path("text").asText()).isEqualTo("no");
        assertThat(answer.path("choices").path(0).path("finish_reason").asText())
                .isEqualTo("stop");
        assertThat(answer.path("choices").path(0).path("token_ids")).hasSize(3);
        assertThat(answer.path("choices").path(0).path("logprobs").path("token_logprobs"))
                .hasSize(3);
        assertThat(answer.path("choices").path(1).path("text").asText()).isEqualTo("no");
        assertThat(answer.path("choices").path(1).path("finish_reason").asText())
                .isEqualTo("length");
        assertThat(answer.path("choices").path(1).path("index").asInt()).isEqualTo(1);
        assertThat(answer.path("usage").toString())
                .isEqualTo("{\"prompt_tokens\":2,\"completion_tokens\":5,\"total_tokens\":7}");
    }

    private static void assertRefused(String json, String sentence) {
        assertThatThrownBy(() -> parse(json))
                .isInstanceOf(ForetellException.class)
                .hasMessageContaining(sentence)
                .extracting(e -> ((ForetellException) e).code())
                .isEqualTo(ErrorCode.INVALID_REQUEST);
    }
}
