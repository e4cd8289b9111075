package io.foretell.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.platform.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExportCommandTest {
    @TempDir
    Path folder;

    private Path model;
    private Path run;

    @BeforeEach
    void writeModel() {
        model = RunFolders.model(folder.resolve("model"));
        run = folder.resolve("runs/one");
    }

    @Test
    void newestVersionBecomesAHuggingFaceFolder() throws IOException {
        RunFolders.publish(run, model, 3, 12);
        Commands.Outcome outcome = export("one", "out");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("000012");
        assertThat(names("out")).containsExactly("config.json", "model.safetensors", "tokenizer.json");
        assertThat(AtomicFiles.sha256(folder.resolve("out/model.safetensors")))
                .isEqualTo(AtomicFiles.sha256(model.resolve("model.safetensors")));
    }

    @Test
    void teacherAndVersionCanBeAskedFor() throws IOException {
        RunFolders.publish(run, model, 3, 12);
        Commands.Outcome outcome = export("one", "out", "--version", "3", "--with-teacher");
        assertThat(outcome.out()).contains("000003");
        assertThat(names("out")).contains("ema.safetensors").doesNotContain("manifest.json");
    }

    @Test
    void latestCheckpointIsTakenWhereNothingIsPublished() throws IOException {
        RunFolders.checkpoint(run, model, 20);
        RunFolders.checkpoint(run, model, 40);
        Commands.Outcome outcome = export("one", "out");
        assertThat(outcome.out()).contains("000040");
        assertThat(names("out")).containsExactly("config.json", "model.safetensors", "tokenizer.json");
    }

    @Test
    void folderWithSomethingInItIsNotOverwritten() throws IOException {
        RunFolders.publish(run, model, 1);
        Files.createDirectories(folder.resolve("out"));
        assertThat(export("one", "out").status()).isZero();
        Commands.Outcome again = export("one", "out");
        assertThat(again.status()).isEqualTo(1);
        assertThat(again.err()).startsWith("! ").contains("is not empty and is not overwritten");
    }

    @Test
    void damagedVersionIsRefusedAndNothingIsWritten() throws IOException {
        RunFolders.publish(run, model, 1);
        Files.writeString(run.resolve("policies/000001/config.json"), "{}");
        Commands.Outcome outcome = export("one", "out");
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err()).contains("000001 is damaged: config.json has other content");
        assertThat(folder.resolve("out")).doesNotExist();
        assertThat(folder.resolve("out.aside")).doesNotExist();
    }

    @Test
    void missingVersionAndMissingRunNameWhatThereIs() {
        RunFolders.publish(run, model, 1, 2);
        assertThat(export("one", "out", "--version", "9").err()).contains("no version 9", "[1, 2]");
        assertThat(export("two", "out").err()).contains("there is no run two", "there is one");
    }

    @Test
    void reportingAndExportingLeaveUnfinishedFoldersAlone() throws IOException {
        RunFolders.publish(run, model, 1);
        Path unfinished = Files.createDirectories(run.resolve("policies/000002.aside"));
        assertThat(export("one", "out").status()).isZero();
        Commands.run("inspect", "one", "--run-dir", folder.resolve("runs").toString());
        assertThat(unfinished).exists();
    }

    private Commands.Outcome export(String run, String target, String... more) {
        return Commands.run(Stream.concat(
                        Stream.of(
                                "export",
                                run,
                                folder.resolve(target).toString(),
                                "--run-dir",
                                folder.resolve("runs").toString()),
                        Stream.of(more))
                .toArray(String[]::new));
    }

    private java.util.List<String> names(String target) throws IOException {
        return RunFolder.names(folder.resolve(target));
    }
}
