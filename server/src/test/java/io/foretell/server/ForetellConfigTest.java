package io.foretell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import com.fasterxml.jackson.databind.PropertyNamingStrategies.SnakeCaseStrategy;
import io.foretell.platform.ConfigurationException;
import io.foretell.platform.DataSize;
import io.foretell.platform.TlsSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ForetellConfigTest {
    @TempDir
    Path folder;

    private static List<Key> keys() {
        try (Stream<String> lines = new BufferedReader(new InputStreamReader(
                        ForetellConfigTest.class.getResourceAsStream("/configuration-keys.csv"),
                        StandardCharsets.UTF_8))
                .lines()) {
            return lines.filter(line -> !line.startsWith("#"))
                    .skip(1)
                    .map(Key::of)
                    .toList();
        }
    }

    private static List<Key> settable() {
        return keys().stream().filter(key -> !key.other().equals("-")).toList();
    }

    /** A row of the table: a key, its default and another value, as text. */
    private record Key(String name, String fallback, String other, String printed, List<String> with) {
        static Key of(String line) {
            String[] cells = (line + "| | ").split("\\s*\\|\\s*", -1);
            String printed = cells[3].isEmpty() ? cells[2] : cells[3];
            return new Key(cells[0], cells[1], cells[2], printed, cells[4].isEmpty() ? List.of() : List.of(cells[4]));
        }

        @Override
        public String toString() {
            return name;
        }
    }

    @Test
    void everyDefaultIsAsTheTableSays() {
        Map<String, String> table = new TreeMap<>();
        keys().forEach(key -> table.put(key.name(), key.fallback()));
        assertThat(values(load())).isEqualTo(table);
    }

    @ParameterizedTest
    @MethodSource("settable")
    void everyKeyReachesItsRecordAndNoOther(Key key) {
        List<String> overrides = new ArrayList<>(key.with());
        Map<String, String> expected = values(load(overrides.toArray(String[]::new)));
        overrides.add(key.name() + "=" + key.other());
        expected.put(key.name(), key.printed());

        assertThat(values(load(overrides.toArray(String[]::new)))).isEqualTo(expected);
    }

    @Test
    void rewardsAndFilesReachTheirRecords() {
        ForetellConfig config = load(
                "documents.sources=[{files: f, template: '{a}', domain: m, split: paragraphs}]",
                "reward.rewards={a: [{kind: length, weight: -1, max: 9}]}",
                "kafka={embedded: false, bootstrap: 'host:9092'}");

        assertThat(config.documents().sources())
                .containsExactly(new DocumentsSettings.Source(null, null, null, "f", "{a}", "m", "paragraphs"));
        assertThat(config.reward().rewards()).containsOnlyKeys("a");
        assertThat(config.reward().rewards().get("a")).hasSize(1);
        assertThat(config.kafka().settings().embedded()).isEqualTo("false");
    }

    @Test
    void aRunLivesInTheFolderOfItsName() {
        ForetellConfig config = load("run={name: r, dir: d, mode: sync}");
        assertThat(config.folder()).isEqualTo(Path.of("d", "r"));
        assertThat(config.isSync()).isTrue();
        assertThat(load().isSync()).isFalse();
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "documents.ahead, documents.max_ahead",
        "documents.thoughts, documents.thought_template",
        "policy.init.std, policy.init.init_std",
        "reward.add, reward.additional",
        "reward.roles, reward.judge_overrides",
        "buffer.stale, learner.stale",
        "buffer.stale_decay, learner.stale_decay"
    })
    void aRenamedKeyIsRefusedWithItsNewName(String old, String current) {
        assertThatThrownBy(() -> load(old + "=1"))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage("--set: " + old + " was renamed: use " + current);
        assertThat(keys()).extracting(Key::name).contains(current).doesNotContain(old);
    }

    @Test
    void theConfigurationOfAnEarlierRunIsRefusedInOneSentence() throws IOException {
        Path file = Files.writeString(
                folder.resolve("config.yaml"),
                "documents:\n  ahead: 20000\n  thoughts: null\nbuffer:\n  stale: drop\n  max_bytes: 8589934592\n");
        assertThatThrownBy(() -> ForetellConfig.load(file, List.of(), Map.of()))
                .isInstanceOf(ConfigurationException.class)
                .hasMessage(file + ": documents.ahead was renamed: use documents.max_ahead");
    }

    @Test
    void aSizeWithoutAUnitIsInBytes() {
        assertThat(load("buffer.max_bytes=8589934592")).isEqualTo(load());
    }

    /** Every key with its value as text. */
    private static Map<String, String> values(ForetellConfig config) {
        Map<String, String> values = new TreeMap<>();
        collect("", config, values);
        return values;
    }

    private static void collect(String section, Record record, Map<String, String> values) {
        for (RecordComponent component : record.getClass().getRecordComponents()) {
            String key = section + new SnakeCaseStrategy().translate(component.getName());
            Object value = valueOf(component, record);
            if (component.getAccessor().isAnnotationPresent(JsonUnwrapped.class)) {
                collect(section, (Record) value, values);
            } else if (value instanceof Record inner && !(value instanceof DataSize || value instanceof TlsSettings)) {
                collect(key + ".", inner, values);
            } else {
                values.put(key, String.valueOf(value));
            }
        }
    }

    private static Object valueOf(RecordComponent component, Record record) {
        try {
            Method accessor = component.getAccessor();
            accessor.setAccessible(true);
            return accessor.invoke(record);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(component + " cannot be read", e);
        }
    }

    @Test
    void fileThenEnvironmentThenCommandLine() throws IOException {
        Path file = Files.writeString(folder.resolve("c.yaml"), "rollout: {n: 2}\nrun: {seed: 1, name: f}\n");
        ForetellConfig config = ForetellConfig.load(
                        file,
                        List.of("run.name=o"),
                        Map.of("FORETELL_RUN__SEED", "9", "FORETELL_RUN__NAME", "e", "FORETELL_HOME", "/x"))
                .values();
        assertThat(config.rollout().n()).isEqualTo(2);
        assertThat(config.run().seed()).isEqualTo(9);
        assertThat(config.run().name()).isEqualTo("o");
    }

    @Test
    void resolvedConfigurationLoadsToTheSameAndHidesKeys() throws IOException {
        String yaml = ForetellConfig.load(null, List.of("run.name=x", "http.api_keys=[hidden]"), Map.of())
                .yaml();
        assertThat(yaml).doesNotContain("hidden");
        Path file = Files.writeString(folder.resolve("c.yaml"), yaml);
        assertThat(ForetellConfig.load(file, List.of(), Map.of()).values()).isEqualTo(load("run.name=x"));
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "rollout.nn=3               | rollout.n",
                "learner.learning_rte=1     | learner.learning_rate",
                "rolout.n=3                 | rollout.n",
                "http.prt=1                 | http.port"
            })
    void misspeltKeyIsRefusedWithTheNearest(String override, String nearest) {
        assertThatThrownBy(() -> load(override))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("did you mean '" + nearest + "'");
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            value = {
                "rollout.n=many             | 'rollout.n' must be a whole number, not \"many\"",
                "rollout.n=1.5              | 'rollout.n' must be a whole number",
                "rollout.n=null             | 'rollout.n' is missing; it must be a whole number",
                "reward.shuffle=perhaps     | 'reward.shuffle' must be true or false",
                "rollout.engine=vllm        | 'rollout.engine' must be one of embedded",
                "run.watchdog=soon          | 'run.watchdog' must be a duration such as 30s",
                "run.name=5                 | 'run.name' must be a text",
                "phases=rlp                 | 'phases' must be a list",
                "rollout.n                  | must look like section.key=value"
            })
    void wrongTypeIsRefusedInASentence(String override, String sentence) {
        assertThatThrownBy(() -> load(override))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(sentence);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "run.mode=later             | run.mode is 'later' but must be async or sync",
                "kafka.embedded=false       | kafka.bootstrap must name the cluster",
                "kafka.partitions=0         | kafka.partitions is 0 but must be at least 1",
                "policy.dtype=int4          | policy.dtype is 'int4'",
                "policy.device=tpu          | policy.device is 'tpu'",
                "phases=[]                  | phases is empty",
                "phases=[{objective: rlp}, {objective: ntp}] | 'rlp' has no 'steps'",
                "phases=[{steps: 3}]        | each phase needs an 'objective'",
                "documents.sources=[{}]     | each source needs either 'generator' or 'files'",
                "documents.sources=[{generator: web}] | there is no generator 'web'; known are [chain, chain-boxed, chain-masked, chain-sentences, rude]",
                "documents.sources=[{files: f, split: words}] | 'split' is 'words' but must be paragraphs",
                "documents.thought_template='{text} {thought}' | documents.thought_template is '{text} {thought}' but must be a text with {text} and {thoughts}, or null",
                "documents.thought_template='{text} {thoughts}' | documents.thought_template needs a model that writes the thoughts",
                "documents.max_ahead=0      | documents.max_ahead is 0 but must be at least 1",
                "reward.additional=a        | reward.additional is 'a' but must be one of reward.rewards, which has []",
                "documents.deduplicate=fuzzy | documents.deduplicate is 'fuzzy' but must be exact or none",
                "documents.held_out_fraction=1 | documents.held_out_fraction is 1.0 but must be 0 to below 1",
                "documents.epochs=-1        | documents.epochs is -1 but must be 0 or more",
                "http.port=70000            | http.port is 70000 but must be 0 to 65535",
                "teacher.ema_decay=1.5      | teacher.ema_decay is 1.5 but must be 0 to 1",
                "rollout.temperature=0      | rollout.temperature is 0.0 but must be above 0",
                "ckpt.keep_last=0           | ckpt.keep_last is 0 but must be at least 1",
                "learner.learning_rate=-1   | learner.learning_rate is -1.0 but must be 0 or more",
                "learner.lr_schedule=up     | learner.lr_schedule is 'up' but must be one of",
                "learner.clip_ratio_low=0   | learner.clip_ratio_low is 0.0 but must be above 0 to 1",
                "learner.max_tokens_per_micro_batch=100 | 512 + 1 + rollout.max_response_length 64 = 577 tokens",
                "rollout.max_inflight_rollouts=4 | one group has rollout.n = 8 rollouts",
                "learner.loss_mode=ppo      | learner.loss_mode is 'ppo' but must be one of [cispo, gpg, gspo, sapo, vanilla]",
                "learner.rollout_correction.rollout_is=token | set learner.rollout_correction.bypass_mode to false",
                "reward.overlong_buffer.len=0 | reward.overlong_buffer.len is 0 but must be at least 1",
                "reward.overlong_buffer={enable: true, len: 99} | max_response_length = 64 tokens",
                "eval.samples=0             | eval.samples is 0 but must be at least 1"
            })
    void arithmeticThatCannotWorkIsRefusedInASentence(String override, String sentence) {
        assertThatThrownBy(() -> load(override))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(sentence);
    }

    private static ForetellConfig load(String... overrides) {
        return ForetellConfig.load(null, List.of(overrides), Map.of()).values();
    }

    @Test
    void aPartOfARewardIsCheckedByItsKind() {
        assertThatThrownBy(() -> load("reward.rewards={a: [{kind: beauty}]}"))
                .hasMessageContaining(
                        "reward.rewards: there is no kind 'beauty'; known are [banned, exact_match, judge,");
        assertThatThrownBy(() -> load("reward.rewards={a: [{kind: length, mix: 3}]}"))
                .hasMessageContaining("unknown key 'reward.rewards.a[0].mix'; did you mean 'reward.rewards.a[0].min'?");
        assertThatThrownBy(() -> load("reward.rewards={a: [{kind: exact_match, n: 3}]}"))
                .hasMessageContaining("unknown key 'reward.rewards.a[0].n'; remove it");
        assertThatThrownBy(() -> load("reward.rewards={a: [{kind: length, max: many}]}"))
                .hasMessageContaining("'reward.rewards.a[0].max' must be a whole number, not \"many\"");
    }
}
