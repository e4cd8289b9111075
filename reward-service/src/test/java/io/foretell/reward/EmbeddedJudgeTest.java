package io.foretell.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.foretell.domain.RewardStatus;
import io.foretell.domain.Verdict;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.RandomWeights;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.judge.Judge;
import io.foretell.judge.JudgeAnswer;
import io.foretell.judge.JudgeFailure;
import io.foretell.judge.JudgeRequest;
import io.foretell.judge.JudgeRequest.Message;
import io.foretell.platform.Metrics;
import io.foretell.platform.Time;
import io.foretell.policy.PolicyOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A random model judges, which it cannot. */
@Tag("integration")
class EmbeddedJudgeTest {
    private static final PolicyOptions OPTIONS = new PolicyOptions(1, 8192);

    @TempDir
    static Path folder;

    private static Path model;
    private static EmbeddedJudge plain;

    @BeforeAll
    static void open() throws Exception {
        Path tokenizer = folder.resolve("bytes.json");
        Files.write(tokenizer, TokenizerFiles.bytes());
        model = folder.resolve("model");
        RandomWeights.write(model, ModelConfig.ofSize("qwen3", "micro", 259), tokenizer, 5);
        plain = EmbeddedJudge.open(model, OPTIONS, Time.system());
    }

    @AfterAll
    static void close() {
        plain.close();
    }

    private static JudgeRequest request(String question, Duration deadline) {
        return new JudgeRequest(List.of(new Message("user", question)), 0, 1, 4, 0, deadline);
    }

    @Test
    void aQuestionIsAnsweredAndCounted() throws Exception {
        JudgeAnswer answer = plain.ask(request("Is it?", Duration.ofSeconds(30)));

        assertThat(answer.promptTokens()).isEqualTo("Is it?\n".length());
        assertThat(answer.completionTokens()).isBetween(1L, 4L);
        assertThat(plain.ask(request("Is it?", Duration.ofSeconds(30)))).isEqualTo(answer);
        assertThat(plain.name()).contains(model.toString()).contains("model.safetensors");
    }

    @Test
    void aChatTemplateWritesThePrompt() throws Exception {
        Path chatting = folder.resolve("chatting");
        RandomWeights.write(chatting, ModelConfig.ofSize("qwen3", "micro", 259), folder.resolve("bytes.json"), 5);
        Files.writeString(
                chatting.resolve("chat_template.jinja"),
                "<{{ messages[0].role }}>{{ messages[0].content }}{% if add_generation_prompt %}<judge>{% endif %}");
        try (EmbeddedJudge judge = EmbeddedJudge.open(chatting, OPTIONS, Time.system())) {
            assertThat(judge.ask(request("Is it?", Duration.ofSeconds(30))).promptTokens())
                    .isEqualTo("<user>Is it?<judge>".length());
        }
    }

    @Test
    void aQuestionThatIsTooLongIsRefused() {
        assertThatThrownBy(() -> plain.ask(request("x".repeat(100_000), Duration.ofSeconds(30))))
                .isInstanceOf(JudgeFailure.class)
                .hasMessageContaining("takes no more than");
    }

    @Test
    void noAnswerInTimeIsATimeout() {
        Throwable failure = null;
        for (int i = 0; failure == null && i < 100; i++) { // an answer may be there before anybody looks at the clock
            failure = catchThrowable(() -> plain.ask(request("Is it?", Duration.ofNanos(1))));
        }
        assertThat(failure)
                .isInstanceOfSatisfying(
                        JudgeFailure.class, late -> assertThat(late.kind()).isEqualTo(JudgeFailure.Kind.TIMEOUT));
    }

    @Test
    void nonsenseIsAFailureAndNotAZero() {
        EmbeddedJudge nonsense = EmbeddedJudge.open(model, OPTIONS, Time.system());
        try (Metrics metrics = new Metrics();
                Judge judge = Judge.open(ScriptedJudge.SETTINGS, nonsense, folder.resolve("verdicts"), metrics)) {
            Verdict verdict = judge.ask("safety", Map.of("text", "a")).join();

            assertThat(verdict.status()).isEqualTo(RewardStatus.FAILED);
            assertThat(verdict.reason()).contains("cannot be used, asked twice");
        }
    }
}
