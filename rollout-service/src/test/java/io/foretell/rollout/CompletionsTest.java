package io.foretell.rollout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.SamplingParameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompletionsTest {
    private static final int CONTEXT = 64;
    private static final int END = 256;

    @TempDir
    static Path folder;

    private static HuggingFaceTokenizer tokenizer;
    private static ServedModel model;

    @BeforeAll
    static void open() throws IOException {
        Files.write(folder.resolve("tokenizer.json"), TokenizerFiles.bytes());
        tokenizer = HuggingFaceTokenizer.open(folder);
        model = new ServedModel(tokenizer, CONTEXT, List.of(END), Optional.empty());
    }

    @AfterAll
    static void close() {
        tokenizer.close();
    }

    private static CompletionRequest parse(String json) {
        return parse(json, model);
    }

    private static CompletionRequest parse(String json, ServedModel model) {
        try {
            return Completions.read(Json.mapper().readTree(json), model);
        } catch (JsonProcessingException e) {
            throw new AssertionError("the test's own JSON is wrong: " + json, e);
        }
    }

    private static CompletionRequest with(String member) {
        return parse("{\"prompt\": \"ab\", \"seed\": 1, " + member + "}");
    }

    @Test
    void defaultsAreThoseOfTheProtocol() {
        assertThat(parse("{\"prompt\": \"ab\", \"seed\": 5}"))
                .isEqualTo(new CompletionRequest(
                        List.of(tokenizer.encode("ab")),
                        1,
                        5,
                        SamplingParameters.plain(1, 0, 16, END),
                        List.of(),
                        List.of(),
                        false));
    }

    @Test
    void everyKeyIsUnderstood() {
        CompletionRequest request = parse("{\"model\": \"policy-3\", \"prompt\": \"ab\", \"n\": 3, \"max_tokens\": 32,"
                + " \"temperature\": 0.5, \"seed\": -4, \"logprobs\": 1, \"user\": \"me\", \"request_id\": \"r\","
                + " \"top_p\": 0.9, \"top_k\": 40, \"min_p\": 0.1, \"min_tokens\": 2, \"stop\": [\"a\", \"bc\"],"
                + " \"stop_token_ids\": [7, 258], \"return_token_ids\": true, \"add_special_tokens\": false}");

        assertThat(request)
                .isEqualTo(new CompletionRequest(
                        List.of(tokenizer.encode("ab")),
                        3,
                        -4,
                        new SamplingParameters(0.5f, 0.9f, 40, 0.1f, 2, 32, List.of(7, 258, END)),
                        List.of("a", "bc"),
                        List.of(7, 258),
                        true));
        assertThat(with("\"ignore_eos\": true").sampling().stopTokens()).isEmpty();
        assertThat(with("\"ignore_eos\": true, \"stop_token_ids\": [3]")
                        .sampling()
                        .stopTokens())
                .containsExactly(3);
        assertThat(with("\"stop_token_id\": 258").sampling().stopTokens()).containsExactly(258);
        assertThat(with("\"temperature\": 0").sampling().temperature()).isZero();
        assertThat(with("\"top_k\": 5000").sampling().topK()).isEqualTo(259);
        assertThat(with("\"stop\": \"x\"").stops()).containsExactly("x");
        assertThat(with("\"logprobs\": 0").logprobs()).isTrue();
        assertThat(with("\"logprobs\": true").logprobs()).isTrue();
        assertThat(with("\"logprobs\": false").logprobs()).isFalse();
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

    @Test
    void textsBeginAsDocumentsDoUnlessTheRequestSaysOtherwise(@TempDir Path words) throws IOException {
        Files.write(words.resolve("tokenizer.json"), TokenizerFiles.words(List.of("a", "b")));
        try (HuggingFaceTokenizer begins = HuggingFaceTokenizer.open(words)) {
            ServedModel other = new ServedModel(begins, CONTEXT, List.of(), Optional.empty());
            int begin = begins.beginOfText().orElseThrow();
            TokenArray text = begins.encode("a b");
            assertThat(parse("{\"prompt\": [\"a b\", \"<bos> a b\"]}", other).prompts())
                    .containsOnly(TokenArray.of(begin).concat(text));
            assertThat(parse("{\"prompt\": \"a b\", \"add_special_tokens\": false}", other)
                            .prompts())
                    .containsExactly(text);
            assertThat(parse("{\"prompt\": [1, 2]}", other).prompts()).containsExactly(TokenArray.of(1, 2));
        }
    }

    @Test
    void aRequestHasBounds() {
        assertRefused(
                "{\"prompt\": [\"a\", \"b\"], \"n\": 1024}",
                "2 prompts with 'n' 1024 are 2048 continuations; the most in one request is 1024");
        assertRefused(
                "{\"prompt\": \"abc\", \"max_tokens\": 62}",
                "a prompt of 3 tokens and 62 more are beyond the model's context of 64 tokens");
        assertRefused("{\"prompt\": \"" + "a".repeat(64) + "\"}", "a prompt of 64 tokens and 1 more are beyond");
        assertThat(parse("{\"prompt\": \"abc\", \"max_tokens\": 61}").sampling().maxTokens())
                .isEqualTo(61);
        assertThat(parse("{\"prompt\": \"" + "a".repeat(60) + "\"}").sampling().maxTokens())
                .isEqualTo(4);
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
                "\"presence_penalty\": 0.5",
                "\"frequency_penalty\": -1",
                "\"repetition_penalty\": 1.1",
                "\"best_of\": 2",
                "\"stream\": true",
                "\"stream\": \"yes\"",
                "\"echo\": true",
                "\"logit_bias\": {\"5\": 1}",
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
                "\"ignore_eos\": false",
                "\"logprobs\": false",
                "\"min_tokens\": 0",
                "\"stop_token_ids\": []",
                "\"logit_bias\": {}",
                "\"add_special_tokens\": true"
            })
    void aValueThatChangesNothingIsAccepted(String member) {
        assertThat(with(member)).isEqualTo(parse("{\"prompt\": \"ab\", \"seed\": 1}"));
    }

    @ParameterizedTest
    @CsvSource({"n,0,1024", "n,1025,1024", "n,1.5,1024", "max_tokens,0,64", "max_tokens,65,64", "max_tokens,true,64"})
    void countsHaveBounds(String key, String value, int most) {
        assertThatThrownBy(() -> with("\"" + key + "\": " + value))
                .hasMessage("'" + key + "' is " + value + " but must be a whole number from 1 to " + most);
    }

    @ParameterizedTest
    @CsvSource({
        "temperature,-1",
        "temperature,101",
        "temperature,\"warm\"",
        "temperature,[]",
        "top_p,0",
        "top_p,1.1",
        "top_k,-2",
        "top_k,0.5",
        "min_p,1",
        "min_p,\"some\"",
        "min_tokens,17",
        "logprobs,2",
        "stop,5",
        "stop,[\"\"]",
        "stop_token_ids,5",
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
    void seedsOfContinuationsFollowFromTheRequests() {
        String json = "{\"prompt\": [\"ab\", \"c\"], \"n\": 3, \"seed\": 11, \"temperature\": 0.5}";
        List<GenerationRequest> requests = parse(json).requests(tokenizer);

        assertThat(requests).isEqualTo(parse(json).requests(tokenizer)).hasSize(2);
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

    private static void assertRefused(String json, String sentence) {
        assertThatThrownBy(() -> parse(json))
                .isInstanceOf(ForetellException.class)
                .hasMessageContaining(sentence)
                .extracting(e -> ((ForetellException) e).code())
                .isEqualTo(ErrorCode.INVALID_REQUEST);
    }
}
