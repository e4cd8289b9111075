package io.foretell.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationTest {
    private static final Configuration.Defaults DEFAULTS =
            new Configuration.Defaults("test-defaults.yaml", Map.of("rollout.group", "rollout.n"));

    enum LossMode {
        VANILLA,
        SEQ_MEAN
    }

    record Run(String name, long seed) {}

    record Rollout(int n, double temperature, Duration deadline, Map<String, Object> labels) {
        Rollout {
            if (n < 1) {
                throw new IllegalArgumentException("rollout.n must be at least 1, not " + n);
            }
        }
    }

    record Rate(double learningRate, int warmupSteps, Plan schedule) {
        Rate {
            Check.that("learner.warmup_steps", warmupSteps, warmupSteps >= 0, "0 or more");
        }
    }

    record Plan(int cooldown) {}

    record Learner(@JsonUnwrapped Rate rate, LossMode lossMode, DataSize maxBytes) {}

    record Policy(@Nullable Map<String, Object> path) {}

    record Phase(String objective, int steps) {}

    record Web(int port, @Nullable List<String> apiKeys, boolean shuffle) {}

    record Settings(
            Run run,
            String resumeMode,
            Rollout rollout,
            Learner learner,
            Policy policy,
            List<Phase> phases,
            Web http) {}

    @TempDir
    Path folder;

    Path file;

    @BeforeEach
    void nameTheFile() {
        file = folder.resolve("x.yaml");
    }

    @Test
    void defaultsAloneMakeACompleteConfiguration() {
        Settings settings = Configuration.load(DEFAULTS, null, List.of(), Map.of(), Settings.class)
                .values();

        assertThat(settings.learner())
                .isEqualTo(
                        new Learner(new Rate(1e-4, 0, new Plan(7)), LossMode.VANILLA, DataSize.ofMebibytes(8 * 1024)));
        assertThat(settings.rollout()).isEqualTo(new Rollout(8, 1.0, Duration.ofSeconds(30), Map.of()));
        assertThat(settings.phases()).containsExactly(new Phase("ntp", 400));
    }

    @Test
    void laterSourcesWinAndMapsAreMerged() {
        Settings settings = load(
                        "rollout: {n: 2, temperature: 0.5}\nrun: {name: a}\nlearner:\n",
                        List.of("rollout.n=4", "learner.loss_mode=seq-mean", "rollout.deadline=500ms"),
                        Map.of(
                                "FORETELL_ROLLOUT__N", "3",
                                "FORETELL_RUN__SEED", "7",
                                "FORETELL_RESUME_MODE", "never",
                                "FORETELL_HOME", "/somewhere",
                                "PATH", "/bin"))
                .values();

        assertThat(settings.rollout()).isEqualTo(new Rollout(4, 0.5, Duration.ofMillis(500), Map.of()));
        assertThat(settings.run()).isEqualTo(new Run("a", 7));
        assertThat(settings.resumeMode()).isEqualTo("never");
        assertThat(settings.learner().lossMode()).isEqualTo(LossMode.SEQ_MEAN);
    }

    @Test
    void listsAreReplacedAsAWhole() {
        Settings settings = load(
                        "phases: [{objective: rlp, steps: 3}, {objective: rpt, steps: 4}]", List.of(), Map.of())
                .values();

        assertThat(settings.phases()).containsExactly(new Phase("rlp", 3), new Phase("rpt", 4));
        assertThat(load("", List.of("phases=[]"), Map.of()).values().phases()).isEmpty();
    }

    @Test
    void freeFormMapsAndNullDefaultsAcceptAnyKey() {
        Settings settings = load(
                        "policy: {path: {deep: {er: 1}}}\nrollout: {labels: {colour: 1e-3, no: yes}}",
                        List.of("rollout.labels.shape=round", "policy.path.deep.est=2"),
                        Map.of())
                .values();

        assertThat(settings.rollout().labels()).isEqualTo(Map.of("colour", 1e-3, "no", "yes", "shape", "round"));
        assertThat(settings.policy().path()).isEqualTo(Map.of("deep", Map.of("er", 1, "est", 2)));
    }

    @Test
    void anEmptyMapClearsAFreeFormOneAndLeavesASectionAlone() {
        Settings settings = load(
                        "policy: {path: {deep: {er: 1}}}\nrollout: {n: 2, labels: {colour: red}}",
                        List.of("rollout.labels={}", "policy.path.deep={}", "rollout={}"),
                        Map.of())
                .values();

        assertThat(settings.rollout().labels()).isEmpty();
        assertThat(settings.policy().path()).isEqualTo(Map.of("deep", Map.of()));
        assertThat(settings.rollout().n()).isEqualTo(2);
    }

    @Test
    void plainNumbersAreSecondsAndEveryUnitIsRead() {
        assertThat(deadline("90")).isEqualTo(Duration.ofSeconds(90));
        assertThat(deadline("0.25")).isEqualTo(Duration.ofMillis(250));
        assertThat(deadline("5m")).isEqualTo(Duration.ofMinutes(5));
        assertThat(deadline("2h")).isEqualTo(Duration.ofHours(2));
        assertThat(deadline("PT3S")).isEqualTo(Duration.ofSeconds(3));
    }

    @Test
    void sizesHaveUnitsAndPlainNumbersAreBytes() {
        assertThat(maxBytes("1048576").bytes()).isEqualTo(1 << 20);
        assertThat(maxBytes("1.5 GiB").bytes()).isEqualTo(1610612736L);
        assertThat(maxBytes("2MB").bytes()).isEqualTo(2_000_000);
        assertThat(maxBytes("7B").bytes()).isEqualTo(7);
    }

    @Test
    void keysOfAGroupStayFlat() {
        Learner learner = load(
                        "learner: {learning_rate: 0.5, warmup_steps: 3, schedule: {cooldown: 2}}", List.of(), Map.of())
                .values()
                .learner();

        assertThat(learner.rate()).isEqualTo(new Rate(0.5, 3, new Plan(2)));
        assertThat(learner.lossMode()).isEqualTo(LossMode.VANILLA);
    }

    @Test
    void aMistakeInAGroupIsNamedByItsFlatKey() {
        assertRefused(
                "learner: {warmup_steps: x}", file + ": 'learner.warmup_steps' must be a whole number, not \"x\"");
        assertRefused(
                "learner: {schedule: {cooldown: null}}",
                file + ": 'learner.schedule.cooldown' is missing; it must be a whole number");
        assertRefused("learner: {warmup_steps: -1}", "learner.warmup_steps is -1 but must be 0 or more");
        assertRefused(
                "learner: {warmup_step: 1}",
                file + ": unknown key 'learner.warmup_step'; did you mean 'learner.warmup_steps'?");
    }

    @Test
    void aRenamedKeyIsRefusedWithItsNewName() {
        assertRefused("rollout: {group: 4}", file + ": rollout.group was renamed: use rollout.n");
        assertRefused("rollout: {group: {a: 4}}", file + ": rollout.group was renamed: use rollout.n");
        assertThatThrownBy(() -> load("", List.of("rollout.group=4"), Map.of()))
                .hasMessage("--set: rollout.group was renamed: use rollout.n");
    }

    @Test
    void anEmptyFileIsFine() {
        assertThat(load("# nothing\n", List.of(), Map.of()).values().rollout().n())
                .isEqualTo(8);
    }

    @Test
    void theResolvedYamlLoadsToTheSameValuesAndHasNoKeys() throws IOException {
        Configuration<Settings> first = load("http: {api_keys: [very-secret]}", List.of("run.name='12'"), Map.of());
        assertThat(first.yaml()).doesNotContain("very-secret").contains("learning_rate: 1.0E-4");

        Files.writeString(file, first.yaml());
        Configuration<Settings> second = Configuration.load(DEFAULTS, file, List.of(), Map.of(), Settings.class);

        assertThat(second.values().run().name()).isEqualTo("12");
        assertThat(second.yaml()).isEqualTo(first.yaml());
    }

    @Test
    void aMisspeltKeyIsNamedWithItsNearest() {
        assertRefused(
                "rollout: {temprature: 1}",
                file + ": unknown key 'rollout.temprature'; did you mean" + " 'rollout.temperature'?");
        assertRefused("temperature: 1", file + ": unknown key 'temperature'; did you mean 'rollout.temperature'?");
        assertRefused("rolout: {n: 1, temperature: 2}", file + ": unknown key 'rolout'; did you mean 'rollout'?");
        assertRefused(
                "phases: [{objectve: ntp, steps: 1}]",
                file + ": unknown key 'phases[0].objectve'; did you mean 'phases[0].objective'?");
        assertThatThrownBy(() -> load("", List.of("rolout.n=1"), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("--set: unknown key 'rolout.n'; did you mean 'rollout.n'?");
        assertThatThrownBy(() -> load("", List.of(), Map.of("FORETELL_ROLLOUT__NN", "1")))
                .hasMessage("environment variable FORETELL_ROLLOUT__NN: unknown key 'rollout.nn';"
                        + " did you mean 'rollout.n'?");
    }

    @Test
    void aWrongTypeIsOneSentence() {
        assertRefused("rollout: {n: abc}", file + ": 'rollout.n' must be a whole number, not \"abc\"");
        assertRefused("rollout: {n: '8'}", file + ": 'rollout.n' must be a whole number, not \"8\"");
        assertRefused("rollout: {n: 1.5}", file + ": 'rollout.n' must be a whole number, not 1.5");
        assertRefused("rollout: {n: null}", file + ": 'rollout.n' is missing; it must be a whole number");
        assertRefused("rollout: {n: 3000000000}", file + ": 'rollout.n' is out of range: 3000000000");
        assertRefused("rollout: {temperature: warm}", file + ": 'rollout.temperature' must be a number, not \"warm\"");
        assertRefused("rollout: 5", file + ": 'rollout' must be a map of keys, not 5");
        assertRefused("run: {name: 7}", file + ": 'run.name' must be a text, not 7");
        assertRefused("http: {shuffle: yes}", file + ": 'http.shuffle' must be true or false, not \"yes\"");
        assertRefused("phases: 3", file + ": 'phases' must be a list, not 3");
        assertRefused("http: {api_keys: abc}", file + ": 'http.api_keys' must be a list, not what is given");
        assertRefused(
                "rollout: {deadline: soon}",
                file + ": 'rollout.deadline' must be a duration such as 30s or 500ms, not \"soon\"");
        assertRefused(
                "learner: {max_bytes: 8QiB}",
                file + ": 'learner.max_bytes' must be a size such as 512MiB or 8GiB, not \"8QiB\"");
        assertRefused(
                "learner: {loss_mode: vanila}",
                file + ": 'learner.loss_mode' must be one of vanilla, seq_mean, not \"vanila\"");
        assertRefused("phases: [{objective: ntp}]", file + ": 'phases[0].steps' is missing; it must be a whole number");
    }

    @Test
    void whatARecordRefusesIsItsOwnSentence() {
        assertRefused("rollout: {n: 0}", "rollout.n must be at least 1, not 0");
    }

    @Test
    void brokenYamlIsOneSentenceWithItsPlace() {
        assertThatThrownBy(() -> load("rollout:\n  n: [1,\n", List.of(), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageMatching(".*x\\.yaml: not valid YAML at line \\d+, column \\d+: [^\n]*");
        assertRefused("run: {name: a}\nrun: {name: b}", file + ": 'run' is given twice at line 2, column 1");
        assertRefused("run:\n  name: a\n  name: b", file + ": 'run.name' is given twice at line 3, column 3");
        assertRefused("[1, 2]", file + ": must be a map of sections, not array");
    }

    @Test
    void aMissingFileIsOneSentence() {
        assertThatThrownBy(() -> Configuration.load(DEFAULTS, file, List.of(), Map.of(), Settings.class))
                .hasMessage(file + ": there is no such file");
        assertThatThrownBy(() -> Configuration.load(DEFAULTS, folder, List.of(), Map.of(), Settings.class))
                .hasMessage(folder + ": is a folder, not a file");
    }

    @Test
    void anOverrideWithoutAValueSaysHowToWriteOne() {
        assertThatThrownBy(() -> load("", List.of("rollout.n"), Map.of()))
                .hasMessage("--set: 'rollout.n' must look like section.key=value");
    }

    private DataSize maxBytes(String text) {
        return load("", List.of("learner.max_bytes=" + text), Map.of())
                .values()
                .learner()
                .maxBytes();
    }

    private Duration deadline(String text) {
        return load("", List.of("rollout.deadline=" + text), Map.of())
                .values()
                .rollout()
                .deadline();
    }

    private void assertRefused(String yaml, String sentence) {
        assertThatThrownBy(() -> load(yaml, List.of(), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(sentence);
    }

    private Configuration<Settings> load(String yaml, List<String> overrides, Map<String, String> environment) {
        try {
            Files.writeString(file, yaml);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return Configuration.load(DEFAULTS, file, overrides, environment, Settings.class);
    }
}
