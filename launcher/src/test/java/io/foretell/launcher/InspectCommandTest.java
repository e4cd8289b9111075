package io.foretell.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.buffer.ExperienceBuffer;
import io.foretell.platform.FolderLock;
import io.foretell.server.ForetellConfig;
import io.foretell.streams.Codecs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
    @TempDir
    Path folder;

    private Path run;

    @BeforeEach
    void writeRun() throws IOException {
        Path model = RunFolders.model(folder.resolve("model"));
        run = folder.resolve("runs/one");
        RunFolders.publish(run, model, 3, 4);
        RunFolders.checkpoint(run, model, 20);
        RunFolders.checkpoint(run, model, 40);
        RunFolders.buffer(run);
        Files.writeString(
                run.resolve("config.yaml"),
                ForetellConfig.load(null, List.of("run.name=one"), java.util.Map.of())
                        .yaml());
        Files.writeString(run.resolve("summary.json"), "{\"state\": \"stopped\", \"steps\": 40}");
        Files.writeString(
                run.resolve("metrics.jsonl"),
                "{\"step\": 39, \"phase\": \"ntp\", \"actor/ce_loss\": 2.5}\n{\"step\": 40, \"phase\": \"ntp\","
                        + " \"actor/ce_loss\": 2.25}\n{\"step\": 40, \"heldout/no_thought_loss\": 1.5}\n{\"step\": 4");
    }

    @Test
    void everythingInTheFolderIsTold() throws IOException {
        JsonNode report = inspect("--json").json();
        assertThat(report.path("config").path("run").path("name").asText()).isEqualTo("one");
        assertThat(report.path("summary").path("steps").asInt()).isEqualTo(40);
        assertThat(report.path("last_step").path("actor/ce_loss").asDouble()).isEqualTo(2.25);
        assertThat(report.path("last_evaluation")
                        .path("heldout/no_thought_loss")
                        .asDouble())
                .isEqualTo(1.5);
        assertThat(report.path("checkpoints")).hasSize(2);
        assertThat(report.path("checkpoints").path(1).path("is_latest").asBoolean())
                .isTrue();
        assertThat(report.path("checkpoints").path(1).path("whole").asBoolean()).isTrue();
        assertThat(report.path("policies").path(1).path("version").asInt()).isEqualTo(4);
        assertThat(report.path("buffer").path("duplicates").asInt(-1)).isZero();
        assertThat(report.path("in_use_by")).isEmpty();
    }

    @Test
    void peopleReadItInLines() {
        Commands.Outcome outcome = inspect();
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out())
                .contains("summary      stopped after 40 steps", "last step    40", "checkpoint   40")
                .contains("whole, the latest", "policies     2 kept, versions 3 to 4", "ntp 100 steps, then rlp");
    }

    @Test
    void metricsHaveTheirUnits() throws IOException {
        Files.writeString(
                run.resolve("metrics.jsonl"),
                "{\"step\": 40, \"phase\": \"self-improving\", \"reward/mean\": 0.5, \"reward/unit\":"
                        + " \"pairwise win rate, 0 to 1\", \"response_length/mean\": 13.5, \"reward/std\": 0.25}\n"
                        + "{\"step\": 40, \"heldout/banned_token_rate\": 0.0625, \"heldout/banned_token_rate_low\": 0.05,"
                        + " \"heldout/banned_token_rate_high\": 0.075}\n");

        assertThat(inspect().out())
                .containsPattern("\n  reward/mean +\\+0\\.5000 \\(pairwise win rate, 0 to 1\\)\n")
                .containsPattern("\n  response_length/mean +13\\.50 tokens\n")
                .containsPattern("\n  heldout/banned_token_rate +6\\.3% \\[5\\.0%, 7\\.5%\\]\n")
                .doesNotContain("reward/std");
    }

    @Test
    void damagedCheckpointIsNamed() throws IOException {
        Files.writeString(run.resolve("checkpoints/000020/state.json"), "{}");
        assertThat(inspect().out()).contains("checkpoint   20", "state.json has other content");
    }

    @Test
    void runThatIsUpIsToldAndItsBufferLeftAlone() {
        try (FolderLock lock = FolderLock.take(run.resolve("up"), "foretell up");
                ExperienceBuffer buffer =
                        ExperienceBuffer.open(run.resolve("buffer"), Codecs.scoredGroup(), (record, reason) -> {})) {
            Commands.Outcome outcome = inspect();
            assertThat(outcome.status()).isZero();
            assertThat(outcome.out()).contains("up: process", "the run is up, so its buffer cannot be read here");
        }
        assertThat(inspect().out()).doesNotContain("the run is up");
    }

    @Test
    void missingRunNamesTheRunsThereAre() {
        Commands.Outcome outcome = Commands.run(
                "inspect", "two", "--run-dir", folder.resolve("runs").toString());
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err()).startsWith("! there is no run two in ").contains("there is one");
        assertThat(Commands.run(
                                "inspect",
                                "two",
                                "--run-dir",
                                folder.resolve("none").toString())
                        .err())
                .contains("start one with");
    }

    @Test
    void runWithNothingInItIsToldToo() throws IOException {
        Files.createDirectories(folder.resolve("runs/new"));
        Files.writeString(folder.resolve("runs/new/config.yaml"), "run: {name: new}");
        Commands.Outcome outcome = Commands.run(
                "inspect", "new", "--run-dir", folder.resolve("runs").toString());
        assertThat(outcome.status()).isZero();
        assertThat(outcome.out()).contains("checkpoint   none", "none published yet", "buffer       none yet");
        assertThat(folder.resolve("runs/new/buffer")).doesNotExist();
    }

    private Commands.Outcome inspect(String... more) {
        String[] args = new String[4 + more.length];
        args[0] = "inspect";
        args[1] = "one";
        args[2] = "--run-dir";
        args[3] = folder.resolve("runs").toString();
        System.arraycopy(more, 0, args, 4, more.length);
        return Commands.run(args);
    }
}
