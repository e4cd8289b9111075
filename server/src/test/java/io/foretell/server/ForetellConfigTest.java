package io.foretell.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.foretell.judge.JudgeSettings;
import io.foretell.learner.BatchGuardSettings;
import io.foretell.learner.KlControlSettings;
import io.foretell.learner.LearnerSettings;
import io.foretell.learner.PhaseSettings;
import io.foretell.learner.RolloutCorrectionSettings;
import io.foretell.learner.ScheduleSettings;
import io.foretell.learner.buffer.BufferSettings;
import io.foretell.learner.checkpoint.CheckpointSettings;
import io.foretell.learner.evaluation.EvaluationSettings;
import io.foretell.platform.ConfigurationException;
import io.foretell.platform.TlsSettings;
import io.foretell.reward.ComponentSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForetellConfigTest {
    @TempDir
    Path folder;

    @Test
    void everyDefaultIsAsDocumented() {
        assertThat(load())
                .isEqualTo(new ForetellConfig(
                        new ForetellConfig.RunSection(
                                "run", "runs", 42, "async", false, Duration.ofSeconds(60), Duration.ofSeconds(60)),
                        new ForetellConfig.KafkaSection(true, null, 2),
                        new ForetellConfig.PolicySection(
                                null,
                                new ForetellConfig.InitSection("qwen3", "tiny", "bytes", 0.02),
                                "float32",
                                "auto",
                                0),
                        new ForetellConfig.DocumentsSection(List.of(), "exact", 1, 0.0, 20000, null),
                        List.of(phase("ntp", 100), phase("rlp", null)),
                        new ForetellConfig.TeacherSection(0.999),
                        new ForetellConfig.RolloutSection(8, 1f, 512, 64, 1024, 65536, null),
                        new ForetellConfig.RewardSection(
                                false,
                                new ForetellConfig.OverlongSection(false, 16, 1),
                                3,
                                0.5,
                                Map.of(),
                                null,
                                Map.of(),
                                new JudgeSettings(
                                        null,
                                        null,
                                        "judge",
                                        null,
                                        null,
                                        1,
                                        0f,
                                        1f,
                                        512,
                                        true,
                                        Duration.ofSeconds(60),
                                        3,
                                        Duration.ofMillis(500),
                                        Duration.ofSeconds(30),
                                        new JudgeSettings.Circuit(20, 0.5, Duration.ofSeconds(10)),
                                        16,
                                        null,
                                        null,
                                        null,
                                        true)),
                        new LearnerSettings(
                                64,
                                1e-4,
                                "constant",
                                0,
                                0.05,
                                0.9,
                                0.95,
                                1e-8,
                                0.0,
                                1.0,
                                1,
                                0.2,
                                0.2,
                                "vanilla",
                                "seq-mean-token-mean",
                                "rloo",
                                4,
                                16384,
                                false,
                                null,
                                null,
                                0.0,
                                false,
                                0.001,
                                "low_var_kl",
                                new RolloutCorrectionSettings(true, "none", 2.0, "none", 2.0, null),
                                new LearnerSettings.FilterGroups(false),
                                null,
                                new ScheduleSettings(0, 0.5, 100, 0),
                                new BatchGuardSettings(null, 64, 5),
                                false,
                                "kl",
                                new KlControlSettings("fixed", 0.001, 10_000, 0.1),
                                Duration.ofHours(1)),
                        BufferSettings.DEFAULT,
                        new CheckpointSettings(20, 3, true, Duration.ofMinutes(10), 0),
                        new ForetellConfig.WeightSyncSection("auto", null, 12, Duration.ofMinutes(5)),
                        "auto",
                        List.of("weights", "optimizer", "buffer", "positions"),
                        new EvaluationSettings(
                                10,
                                true,
                                64,
                                8,
                                List.of(),
                                new EvaluationSettings.Continuations(List.of(), 16, 32, 1, null, List.of())),
                        new ForetellConfig.HttpSection("127.0.0.1", 8080, null, null)));
    }

    private static PhaseSettings phase(String objective, Integer steps) {
        return new PhaseSettings(objective, steps, null, null, null, null, null);
    }

    @Test
    void keysOfEverySectionReachTheirRecord() {
        ForetellConfig config = load(
                "run={name: r, dir: d, seed: 7, mode: sync, full_determinism: true, stop_timeout: 5s, watchdog: 250ms}",
                "kafka={embedded: false, bootstrap: 'host:9092', partitions: 5}",
                "policy={path: p, dtype: bfloat16, threads: 3, device: cpu, init: {arch: llama, size: nano, tokenizer: chain, std: 0.1}}",
                "documents={deduplicate: none, epochs: 0, held_out_fraction: 0.25, ahead: 9, thoughts: '{thoughts} {text}'}",
                "documents.sources=[{files: f, template: '{a}', domain: m, split: paragraphs},"
                        + " {generator: chain, seed: 3, documents: 4}]",
                "phases=[{objective: ntp, steps: 2, domains: [x], learning_rate: 0.5, lr_schedule: wsd,"
                        + " warmup_steps: 1, options: {k: 1}}]",
                "teacher.ema_decay=0.5",
                "rollout={n: 2, temperature: 0.5, max_prompt_length: 3, max_response_length: 4,"
                        + " max_inflight_rollouts: 6, kv_cache_tokens: 70, dtype: float32}",
                "reward={shuffle: true, overlong_buffer: {enable: true, len: 2, penalty_factor: 0.5}, max_attempts: 2, min_ok_fraction: 1, add: a, roles: {safety: a}, rewards: {a: [{kind: length,"
                        + " weight: -1, max: 9}]}, judge: {base_url: 'http://j/v1', api_key: k, model: m, prompts: p,"
                        + " samples: 2, temperature: 0.5, top_p: 0.6, max_tokens: 5, swap_order: false, timeout: 2s,"
                        + " max_attempts: 1, backoff_base: 1s, max_backoff: 3s, circuit: {calls: 2, failure_rate: 1,"
                        + " pause: 4s}, max_concurrent: 2, max_rpm: 6, max_tpm: 7, max_spent_tokens: 8, cache: false}}",
                "buffer={sampling: uniform, stale: drop, stale_decay: 0.25, replay_share: 0.1, replay_groups: 7, max_bytes: 2000000}",
                "ckpt={interval: 1, keep_last: 2, async: false, timeout: 1m, average_last: 2}",
                "weight_sync={transport: http, learner_url: 'http://l:1', keep_last: 3, timeout: 1s}",
                "resume_mode=disable",
                "resume_restore=[weights]",
                "eval={interval: 0, before_train: false, documents: 1, samples: 2, next_token_domains: [x]}",
                "eval.continuations={banned: [b], prompt_length: 3, max_length: 4, temperature: 0.5, inserted: i,"
                        + " forbidden: [f]}",
                "http={host: '::1', port: 0, api_keys: [k], tls: {certificate: c.pem, key: k.pem}}");
        assertThat(config.run())
                .isEqualTo(new ForetellConfig.RunSection(
                        "r", "d", 7, "sync", true, Duration.ofSeconds(5), Duration.ofMillis(250)));
        assertThat(config.isSync()).isTrue();
        assertThat(config.folder()).isEqualTo(Path.of("d", "r"));
        assertThat(config.kafka()).isEqualTo(new ForetellConfig.KafkaSection(false, "host:9092", 5));
        assertThat(config.policy())
                .isEqualTo(new ForetellConfig.PolicySection(
                        "p", new ForetellConfig.InitSection("llama", "nano", "chain", 0.1), "bfloat16", "cpu", 3));
        assertThat(config.documents())
                .isEqualTo(new ForetellConfig.DocumentsSection(
                        List.of(
                                new ForetellConfig.SourceSection(null, null, null, "f", "{a}", "m", "paragraphs"),
                                new ForetellConfig.SourceSection("chain", 3L, 4L, null, null, null, null)),
                        "none",
                        0,
                        0.25,
                        9,
                        "{thoughts} {text}"));
        assertThat(config.phases())
                .containsExactly(new PhaseSettings("ntp", 2, List.of("x"), 0.5, "wsd", 1, Map.of("k", 1)));
        assertThat(config.teacher().emaDecay()).isEqualTo(0.5);
        assertThat(config.rollout()).isEqualTo(new ForetellConfig.RolloutSection(2, 0.5f, 3, 4, 6, 70, "float32"));
        assertThat(config.reward())
                .isEqualTo(new ForetellConfig.RewardSection(
                        true,
                        new ForetellConfig.OverlongSection(true, 2, 0.5),
                        2,
                        1,
                        Map.of(
                                "a",
                                List.of(new ComponentSettings("length", -1.0, null, null, 9, null, null, null, null))),
                        "a",
                        Map.of("safety", "a"),
                        new JudgeSettings(
                                "http://j/v1",
                                "k",
                                "m",
                                null,
                                "p",
                                2,
                                0.5f,
                                0.6f,
                                5,
                                false,
                                Duration.ofSeconds(2),
                                1,
                                Duration.ofSeconds(1),
                                Duration.ofSeconds(3),
                                new JudgeSettings.Circuit(2, 1, Duration.ofSeconds(4)),
                                2,
                                6,
                                7,
                                8L,
                                false)));
        assertThat(config.buffer()).isEqualTo(new BufferSettings("uniform", "drop", 0.25, 0.1, 7, 2_000_000));
        assertThat(config.ckpt()).isEqualTo(new CheckpointSettings(1, 2, false, Duration.ofMinutes(1), 2));
        assertThat(config.weightSync())
                .isEqualTo(new ForetellConfig.WeightSyncSection("http", "http://l:1", 3, Duration.ofSeconds(1)));
        assertThat(config.resumeMode()).isEqualTo("disable");
        assertThat(config.resumeRestore()).containsExactly("weights");
        assertThat(config.eval())
                .isEqualTo(new EvaluationSettings(
                        0,
                        false,
                        1,
                        2,
                        List.of("x"),
                        new EvaluationSettings.Continuations(List.of("b"), 3, 4, 0.5f, "i", List.of("f"))));
        assertThat(config.http())
                .isEqualTo(new ForetellConfig.HttpSection(
                        "::1", 0, List.of("k"), new TlsSettings(Path.of("c.pem"), Path.of("k.pem"))));
    }

    @Test
    void learnersKeysReachTheirRecord() {
        ForetellConfig config = load(
                "learner={prompts_per_step: 2, learning_rate: 0.5, lr_schedule: cosine,"
                        + " warmup_steps: 3, min_lr_ratio: 0.5, beta1: 0.1, beta2: 0.2, epsilon: 0.3, weight_decay: 0.4,"
                        + " max_grad_norm: 5, ppo_epochs: 6, clip_ratio_low: 0.7, clip_ratio_high: 0.8, loss_mode: vanilla,"
                        + " loss_agg_mode: token-mean, adv_estimator: grpo, max_off_policy_steps: 9,"
                        + " max_tokens_per_micro_batch: 1000, gradient_checkpointing: true, clip_ratio_c: 3,"
                        + " loss_scale_factor: 64, entropy_coeff: 0.01, use_kl_loss: true, kl_loss_coef: 0.02, kl_loss_type: k3+,"
                        + " rollout_correction: {bypass_mode: false, rollout_is: token, rollout_is_threshold: 5,"
                        + " rollout_rs: geometric, rollout_rs_threshold: 1.5, rollout_rs_threshold_lower: 0.25},"
                        + " filter_groups: {enable: true}, ppo_mini_batch_size: 1,"
                        + " schedule: {cooldown_steps: 4, constant_ratio: 0.25, anneal_steps: 6, rewarm_steps: 7},"
                        + " batch_guard: {z_score: 5.5, window: 9, max_consecutive: 2}, use_kl_in_reward: true,"
                        + " kl_penalty: low_var_kl, kl_ctrl: {type: adaptive, kl_coef: 0.2, horizon: 500, target_kl: 0.05}, spawned_timeout: 7m}");
        assertThat(config.learner())
                .isEqualTo(new LearnerSettings(
                        2,
                        0.5,
                        "cosine",
                        3,
                        0.5,
                        0.1,
                        0.2,
                        0.3,
                        0.4,
                        5,
                        6,
                        0.7,
                        0.8,
                        "vanilla",
                        "token-mean",
                        "grpo",
                        9,
                        1000,
                        true,
                        3.0,
                        64.0,
                        0.01,
                        true,
                        0.02,
                        "k3+",
                        new RolloutCorrectionSettings(false, "token", 5.0, "geometric", 1.5, 0.25),
                        new LearnerSettings.FilterGroups(true),
                        1,
                        new ScheduleSettings(4, 0.25, 6, 7),
                        new BatchGuardSettings(5.5, 9, 2),
                        true,
                        "low_var_kl",
                        new KlControlSettings("adaptive", 0.2, 500, 0.05),
                        Duration.ofMinutes(7)));
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
                "documents.thoughts='{text} {thought}' | must have the places {text} and {thoughts}",
                "documents.thoughts='{text} {thoughts}' | documents.thoughts needs a model that thinks",
                "teacher.ema_decay=1.5      | teacher.ema_decay is 1.5 but must be 0 to 1",
                "rollout.temperature=0      | a temperature above 0",
                "ckpt.keep_last=0           | must be at least 1, but are 20 and 0",
                "learner.learning_rate=-1   | learner.learning_rate is -1.0 but must be 0 or more",
                "learner.lr_schedule=up     | learner.lr_schedule is up but must be one of",
                "learner.clip_ratio_low=0   | learner.clip_ratio_low is 0.0 but must be above 0 to 1",
                "learner.max_tokens_per_micro_batch=100 | 512 + 1 + rollout.max_response_length 64 = 577 tokens",
                "rollout.max_inflight_rollouts=4 | one group has rollout.n = 8 rollouts",
                "learner.loss_mode=ppo      | learner.loss_mode is 'ppo' but must be one of [cispo, gpg, gspo, sapo, vanilla]",
                "learner.rollout_correction.rollout_is=token | set learner.rollout_correction.bypass_mode to false",
                "reward.overlong_buffer.len=0 | reward.overlong_buffer needs a len of at least 1",
                "reward.overlong_buffer={enable: true, len: 99} | max_response_length = 64 tokens",
                "eval.samples=0             | at least one document and one sample"
            })
    void arithmeticThatCannotWorkIsRefusedInASentence(String override, String sentence) {
        assertThatThrownBy(() -> load(override))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(sentence);
    }

    private static ForetellConfig load(String... overrides) {
        return ForetellConfig.load(null, List.of(overrides), Map.of()).values();
    }
}
