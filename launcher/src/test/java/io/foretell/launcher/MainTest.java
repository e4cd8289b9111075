package io.foretell.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.policy.Precision;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    void helpNamesThePlugins() {
        assertThat(Commands.run("--help").err() + Commands.run("--help").out()).contains("Plugins: none");
    }

    @Test
    void methodsAreListedAndExplained() {
        assertThat(Commands.run("methods").out())
                .contains("rlp                thoughts rewarded by information gain", "ul2 ", "plugins: none");
        assertThat(Commands.run("methods", "phf-rwr").out())
                .contains("reward-weighted regression", "options: beta, banned, segment_ends");
        Commands.Outcome unknown = Commands.run("methods", "rlq");
        assertThat(unknown.status()).isEqualTo(2);
        assertThat(unknown.err()).contains("there is no objective 'rlq'; known are [ntp, ");
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
        Commands.Outcome again = Commands.run("init", model.toString(), "--size", "micro");
        assertThat(again.status()).isEqualTo(1);
        assertThat(again.err()).contains("is not empty and is not overwritten");
    }

    @Test
    void initKnowsEveryArchitectureAndTakesATokenizerOfAFolder() {
        Path first = folder.resolve("qwen3");
        for (String arch : List.of("qwen3", "qwen2", "llama", "mistral", "smollm3")) {
            Commands.Outcome outcome = Commands.run(
                    "init",
                    folder.resolve(arch).toString(),
                    "--arch",
                    arch,
                    "--size",
                    "micro",
                    "--tokenizer",
                    arch.equals("qwen3") ? "bytes" : first.toString());
            assertThat(outcome.err()).isEmpty();
            assertThat(outcome.out()).contains(arch + " with ", "259 tokens");
        }
    }

    @Test
    void whatInitCannotDoIsASentence() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");
        assertThat(sentence("init", file.toString())).contains("is a file; name a new or an empty folder");
        assertThat(sentence("init", file + "/model")).contains("cannot write the policy folder");
        assertThat(sentence("init", "/proc/model")).contains("cannot write the policy folder /proc/model");
        assertThat(sentence("init", folder + "/a", "--size", "7b")).contains("125m, 0.6b]");
        assertThat(sentence("init", folder + "/b", "--arch", "gpt2")).contains("mistral, qwen2, qwen3, smollm3]");
        assertThat(sentence("init", folder + "/c", "--tokenizer", "none")).contains("there is no tokenizer none");
    }

    private static String sentence(String... args) {
        Commands.Outcome outcome = Commands.run(args);
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err().lines()).hasSize(1);
        return outcome.err();
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
        assertThat(HumanSizes.format(999)).isEqualTo("999 B");
        assertThat(HumanSizes.format(1_234)).isEqualTo("1.2 kB");
        assertThat(HumanSizes.format(999_960)).isEqualTo("1.0 MB");
        assertThat(HumanSizes.format(75_300_000_000L)).isEqualTo("75.3 GB");
    }
}
