package io.foretell.launcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.server.PolicyOrigin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyCommandsTest {
    @TempDir
    static Path folder;

    private static Path model;

    @BeforeAll
    static void writeModel() {
        model = RunFolders.model(folder.resolve("model"));
        RunFolders.publish(folder.resolve("run"), model, 4, 5);
    }

    @Test
    void theSameSeedGivesTheSameContinuations() throws IOException {
        JsonNode first = generate("--seed", "5").json().path("choices");
        JsonNode second = generate("--seed", "5").json().path("choices");
        JsonNode other = generate("--seed", "6").json().path("choices");
        assertThat(first).hasSize(3).isEqualTo(second);
        assertThat(first).isNotEqualTo(other);
        assertThat(first.path(0).path("tokens")).hasSize(5);
        assertThat(first.path(0).path("finish_reason").asText()).isEqualTo("length");
    }

    @Test
    void peopleReadTheTextAndHowItEnded() {
        Commands.Outcome outcome =
                Commands.run("generate", "--policy", model.toString(), "--prompt", "ab", "--max-tokens", "3");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("tokens,").contains("log-probability -");
    }

    @Test
    void scoreOfWhatWasSampledIsWhatTheSamplerSaid() throws IOException {
        Path words = folder.resolve("words");
        PolicyOrigin.write(words, "qwen3", "micro", "chain", 0.02, 7);
        JsonNode sampled = Commands.run(
                        "generate", "--policy", words.toString(), "--prompt", "x0=3", "--max-tokens", "5", "--json")
                .json()
                .path("choices")
                .path(0);
        double sum = 0;
        for (JsonNode each : sampled.path("log_probs")) {
            sum += each.asDouble();
        }
        JsonNode score = Commands.run(
                        "score",
                        "--policy",
                        words.toString(),
                        "--context",
                        "x0=3",
                        "--continuation",
                        sampled.path("text").asText(),
                        "--json")
                .json();
        assertThat(score.path("tokens")).isEqualTo(sampled.path("tokens"));
        assertThat(score.path("log_prob").asDouble()).isCloseTo(sum, within(1e-3));
    }

    @Test
    void scoreSaysAllOfAContinuation() throws IOException {
        JsonNode score = score("ab", "cd").json();
        assertThat(score.path("log_probs")).hasSize(2);
        assertThat(score.path("log_prob").asDouble()).isNegative();
        assertThat(score.path("perplexity").asDouble())
                .isCloseTo(Math.exp(-score.path("mean_log_prob").asDouble()), within(1e-9));
        assertThat(score("ab", "cd", "--weights", "ema").json().path("weights").asText())
                .isEqualTo("ema");
    }

    @Test
    void runsFolderStandsForItsNewestPolicy() throws IOException {
        Commands.Outcome outcome = Commands.run(
                "generate",
                "--policy",
                folder.resolve("run").toString(),
                "--prompt",
                "a",
                "--max-tokens",
                "1",
                "--json");
        assertThat(outcome.json().path("policy").asText()).endsWith("000005");
    }

    @Test
    void aStopTextEndsTheTextAndIsNotInIt() throws IOException {
        String text = generate().json().path("choices").path(0).path("text").asText();
        String stop = text.substring(text.length() / 2, text.length() / 2 + 1);
        JsonNode stopped = generate("--stop", stop).json().path("choices").path(0);
        assertThat(stopped.path("text").asText()).isEqualTo(text.substring(0, text.indexOf(stop)));
        assertThat(stopped.path("finish_reason").asText()).isEqualTo("stop");
    }

    @Test
    void aChatPutsThePromptIntoTheTemplate() throws IOException {
        Path chat = RunFolders.model(folder.resolve("chat"));
        Files.writeString(
                chat.resolve("chat_template.jinja"),
                "{% for m in messages %}[{{ m.role }}:{{ m.content }}]{% endfor %}{{ 'A:' if add_generation_prompt }}");
        JsonNode answer = Commands.run(
                        "generate",
                        "--policy",
                        chat.toString(),
                        "--prompt",
                        "hi",
                        "--max-tokens",
                        "2",
                        "--chat",
                        "--json")
                .json();
        JsonNode plain = Commands.run(
                        "generate",
                        "--policy",
                        chat.toString(),
                        "--prompt",
                        "[user:hi]A:",
                        "--max-tokens",
                        "2",
                        "--json")
                .json();
        assertThat(answer.path("prompt_tokens")).isEqualTo(plain.path("prompt_tokens"));
    }

    @Test
    void wrongArgumentsAreSentences() {
        assertThat(generate("--stop", "").err()).contains("--stop must not be empty");
        assertThat(generate("--temperature", "-1").err()).contains("a temperature is 0 or above, not -1.0");
        assertThat(generate("--top-p", "0").status()).isEqualTo(2);
        assertThat(generate("--min-p", "1").status()).isEqualTo(2);
        assertThat(generate("--top-k", "-2").status()).isEqualTo(2);
        assertThat(generate("--chat").err()).contains("has no chat template: leave out --chat");
        assertThat(score("a", "b", "--weights", "dead").err()).contains("must be live or ema");
        Commands.Outcome missing =
                Commands.run("generate", "--policy", folder.resolve("none").toString(), "--prompt", "a");
        assertThat(missing.status()).isEqualTo(1);
        assertThat(missing.err()).startsWith("! there is no folder");
        assertThat(Commands.run("generate", "--policy", folder.toString(), "--prompt", "a")
                        .err())
                .contains("neither a Hugging Face folder");
    }

    private static Commands.Outcome generate(String... more) {
        return run(
                new String[] {
                    "generate", "--policy", model.toString(), "--prompt", "ab", "-n", "3", "--max-tokens", "5", "--json"
                },
                more);
    }

    private static Commands.Outcome score(String context, String continuation, String... more) {
        return run(
                new String[] {
                    "score",
                    "--policy",
                    model.toString(),
                    "--context",
                    context,
                    "--continuation",
                    continuation,
                    "--json"
                },
                more);
    }

    private static Commands.Outcome run(String[] first, String... more) {
        String[] all = java.util.Arrays.copyOf(first, first.length + more.length);
        System.arraycopy(more, 0, all, first.length, more.length);
        return Commands.run(all);
    }
}
