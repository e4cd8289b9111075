package io.foretell.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.policy.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import picocli.CommandLine;

class MainTest {
    @TempDir
    Path folder;

    @Test
    void everyCommandExplainsItself() {
        for (String command : Main.commandLine().getSubcommands().keySet()) {
            Commands.Outcome outcome = Commands.run(command, "--help");
            assertThat(outcome.status()).as(command).isZero();
            assertThat(outcome.err()).as(command).contains("Usage: foretell " + command);
        }
    }

    @Test
    void everydayCommandsGiveAnExample() {
        CommandLine main = Main.commandLine();
        for (String command : new String[] {"ingest", "generate", "score", "export", "program", "inspect", "doctor"}) {
            assertThat(main.getSubcommands().get(command).getUsageMessage())
                    .as(command)
                    .contains("Example")
                    .contains("./foretell " + command);
        }
    }

    @Test
    void unknownOptionIsWrongUsage() {
        assertThat(Commands.run("inspect", "one", "--nonsense").status()).isEqualTo(2);
        assertThat(Commands.run("score", "--policy", "x").err()).contains("--context");
    }

    @Test
    void configurationThatIsWrongExitsWithTwoAndOneSentence() {
        Commands.Outcome outcome = Commands.run("up", "--dry-run", "--set", "rollout.nn=1");
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.err()).startsWith("! ").contains("did you mean 'rollout.n'");
        assertThat(outcome.err().lines()).hasSize(1);
    }

    @Test
    void dryRunPrintsTheConfigurationAndTheBatches() {
        Commands.Outcome outcome =
                Commands.run("up", "--dry-run", "--set", "run.dir=" + folder, "--set", "policy.init.size=micro");
        assertThat(outcome.status()).as(outcome.err()).isZero();
        assertThat(outcome.out()).contains("prompts_per_step: 64", "phase 0 ntp", "phase 1 rlp");
    }

    @Test
    void initWritesAModelThatCanBeOpened() {
        Path model = folder.resolve("model");
        assertThat(Commands.run("init", model.toString(), "--size", "micro").status())
                .isZero();
        assertThat(Files.isRegularFile(model.resolve("model.safetensors"))).isTrue();
        assertThat(RunFolder.model(model)).isEqualTo(model);
    }

    @ParameterizedTest
    @EnumSource(Precision.class)
    void selfTestPassesOnThisMachine(Precision precision) {
        PolicySelfTest test = new PolicySelfTest(folder.resolve("self-test"));
        assertThat(test.run(precision)).contains("learns");
        assertThat(test.device()).contains("threads");
    }

    @Test
    void sizesAreForPeople() {
        assertThat(Sizes.of(999)).isEqualTo("999 B");
        assertThat(Sizes.of(1_234)).isEqualTo("1.2 kB");
        assertThat(Sizes.of(999_960)).isEqualTo("1.0 MB");
        assertThat(Sizes.of(75_300_000_000L)).isEqualTo("75.3 GB");
    }
}
