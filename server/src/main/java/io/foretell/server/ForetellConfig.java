package io.foretell.server;

import io.foretell.judge.JudgeSettings;
import io.foretell.learner.LearnerSettings;
import io.foretell.learner.OverlongShaping;
import io.foretell.learner.PhaseSettings;
import io.foretell.learner.buffer.BufferSettings;
import io.foretell.learner.checkpoint.CheckpointSettings;
import io.foretell.learner.checkpoint.ResumePart;
import io.foretell.learner.evaluation.EvaluationSettings;
import io.foretell.platform.Configuration;
import io.foretell.platform.HttpSettings;
import io.foretell.platform.TlsSettings;
import io.foretell.policy.Precision;
import io.foretell.reward.ComponentSettings;
import io.foretell.reward.JudgeRouter;
import io.foretell.reward.MissingRewardPolicy;
import io.foretell.reward.Rewards;
import io.foretell.sources.SyntheticCorpora;
import io.foretell.streams.KafkaSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The whole configuration, section by section; keys, defaults and their meaning are in {@code defaults.yaml}.
 * Immutable.
 */
public record ForetellConfig(
        RunSection run,
        KafkaSection kafka,
        PolicySection policy,
        DocumentsSection documents,
        List<PhaseSettings> phases,
        TeacherSection teacher,
        RolloutSection rollout,
        RewardSection reward,
        LearnerSettings learner,
        BufferSettings buffer,
        CheckpointSettings ckpt,
        WeightSyncSection weightSync,
        String resumeMode,
        List<String> resumeRestore,
        EvaluationSettings eval,
        HttpSection http) {
    public ForetellConfig {
        phases = List.copyOf(phases);
        resumeRestore = List.copyOf(resumeRestore);
        ResumePart.parse(resumeRestore);
        if (phases.isEmpty()) {
            throw new IllegalArgumentException(
                    "phases is empty: name at least one, such as {objective: ntp, steps: 100}");
        }
        for (PhaseSettings phase : phases.subList(0, phases.size() - 1)) {
            if (phase.steps() == null) {
                throw new IllegalArgumentException("phases: '" + phase.objective()
                        + "' has no 'steps', so the phases after it would never begin; only the last may be endless");
            }
        }
        int longest = rollout.maxPromptLength() + 1 + rollout.maxResponseLength();
        if (longest > learner.maxTokensPerMicroBatch()) {
            throw new IllegalArgumentException("rollout.max_prompt_length " + rollout.maxPromptLength()
                    + " + 1 + rollout.max_response_length " + rollout.maxResponseLength() + " = " + longest
                    + " tokens, but learner.max_tokens_per_micro_batch is " + learner.maxTokensPerMicroBatch()
                    + ": a single sequence would not fit");
        }
        if (reward.overlongBuffer().enable() && reward.overlongBuffer().len() > rollout.maxResponseLength()) {
            throw new IllegalArgumentException("reward.overlong_buffer.len is "
                    + reward.overlongBuffer().len() + " but a response has at most rollout.max_response_length = "
                    + rollout.maxResponseLength() + " tokens");
        }
        if (documents.thoughts() != null && !reward.judge().isConfigured()) {
            throw new IllegalArgumentException("documents.thoughts needs a model that thinks: set reward.judge.base_url"
                    + " or reward.judge.policy");
        }
        if (rollout.maxInflightRollouts() < rollout.n()) {
            throw new IllegalArgumentException("rollout.max_inflight_rollouts is " + rollout.maxInflightRollouts()
                    + " but one group has rollout.n = " + rollout.n() + " rollouts");
        }
    }

    private static final Configuration.Defaults DEFAULTS = new Configuration.Defaults("defaults.yaml", Map.of());

    /** Resolves defaults, file, environment and overrides. */
    public static Configuration<ForetellConfig> load(
            @Nullable Path file, List<String> overrides, Map<String, String> environment) {
        return Configuration.load(DEFAULTS, file, overrides, environment, ForetellConfig.class);
    }

    public Path folder() {
        return Path.of(run.dir()).resolve(run.name());
    }

    public boolean isSync() {
        return run.mode().equals("sync");
    }

    /** @param fullDeterminism whether sampler and scorer take one group at a time, whatever else is there */
    public record RunSection(
            String name,
            String dir,
            long seed,
            String mode,
            boolean fullDeterminism,
            Duration stopTimeout,
            Duration watchdog) {
        public RunSection {
            if (fullDeterminism && !mode.equals("sync")) {
                throw new IllegalArgumentException(
                        "run.full_determinism is true but run.mode is async, which trains on whatever comes first: set"
                                + " run.mode to sync");
            }
            if (!mode.equals("async") && !mode.equals("sync")) {
                throw new IllegalArgumentException("run.mode is '" + mode + "' but must be async or sync");
            }
        }
    }

    /** @param embedded true, false or "child": YAML has it as a boolean or as text */
    public record KafkaSection(Object embedded, @Nullable String bootstrap, int partitions) {
        public KafkaSection {
            new KafkaSettings(String.valueOf(embedded), bootstrap, partitions);
        }

        KafkaSettings settings() {
            return new KafkaSettings(String.valueOf(embedded), bootstrap, partitions);
        }
    }

    record InitSection(String arch, String size, String tokenizer, double std) {}

    private static void requirePrecision(String key, String text) {
        try {
            Precision.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(key + " is " + e.getMessage(), e);
        }
    }

    record PolicySection(@Nullable String path, InitSection init, String dtype, String device, int threads) {
        PolicySection {
            requirePrecision("policy.dtype", dtype);
            if (!device.equals("auto") && !device.equals("cpu")) {
                throw new IllegalArgumentException("policy.device is '" + device + "' but must be auto or cpu");
            }
        }
    }

    /** One place that documents come from. */
    record SourceSection(
            @Nullable String generator,
            @Nullable Long seed,
            @Nullable Long documents,
            @Nullable String files,
            @Nullable String template,
            @Nullable String domain,
            @Nullable String split) {
        SourceSection {
            if ((generator == null) == (files == null)) {
                throw new IllegalArgumentException(
                        "documents.sources: each source needs either 'generator' or 'files', and not both");
            }
            if (generator != null && !SyntheticCorpora.names().contains(generator)) {
                throw new IllegalArgumentException("documents.sources: there is no generator '" + generator
                        + "'; known are " + SyntheticCorpora.names());
            }
            if (split != null && !split.equals("paragraphs")) {
                throw new IllegalArgumentException(
                        "documents.sources: 'split' is '" + split + "' but must be paragraphs, or left out");
            }
        }
    }

    /** @param thoughts how a document and a model's thoughts about it become one; null for documents as they are */
    record DocumentsSection(
            List<SourceSection> sources,
            String deduplicate,
            int epochs,
            double heldOutFraction,
            long ahead,
            @Nullable String thoughts) {
        DocumentsSection {
            sources = List.copyOf(sources);
            if (thoughts != null && (!thoughts.contains("{text}") || !thoughts.contains("{thoughts}"))) {
                throw new IllegalArgumentException("documents.thoughts is '" + thoughts
                        + "' but must have the places {text} and {thoughts}, or be left out");
            }
        }
    }

    record TeacherSection(double emaDecay) {
        TeacherSection {
            if (!(emaDecay >= 0 && emaDecay <= 1)) {
                throw new IllegalArgumentException("teacher.ema_decay is " + emaDecay + " but must be 0 to 1");
            }
        }
    }

    public record RolloutSection(
            int n,
            float temperature,
            int maxPromptLength,
            int maxResponseLength,
            int maxInflightRollouts,
            int kvCacheTokens,
            @Nullable String dtype) {
        public RolloutSection {
            if (n < 1 || !(temperature > 0) || maxPromptLength < 1 || maxResponseLength < 1) {
                throw new IllegalArgumentException("rollout needs n, max_prompt_length and max_response_length of at"
                        + " least 1 and a temperature above 0, but has " + n + ", " + maxPromptLength + ", "
                        + maxResponseLength + " and " + temperature);
            }
            if (maxPromptLength + maxResponseLength > kvCacheTokens) {
                throw new IllegalArgumentException("rollout.kv_cache_tokens is " + kvCacheTokens
                        + " but one prompt and its response may have max_prompt_length + max_response_length = "
                        + (maxPromptLength + maxResponseLength) + " tokens");
            }
            if (dtype != null) {
                requirePrecision("rollout.dtype", dtype);
            }
        }
    }

    /** @param len tokens before the limit in which the punishment grows */
    record OverlongSection(boolean enable, int len, double penaltyFactor) {
        OverlongSection {
            if (len < 1 || !(penaltyFactor > 0)) {
                throw new IllegalArgumentException(
                        "reward.overlong_buffer needs a len of at least 1 and a penalty_factor" + " above 0, but has "
                                + len + " and " + penaltyFactor);
            }
        }

        @Nullable
        OverlongShaping shaping(int maxResponseLength) {
            return enable ? new OverlongShaping(maxResponseLength, len, penaltyFactor) : null;
        }
    }

    /**
     * @param add one of {@code rewards}, on top of what the method gives; null for none
     * @param roles a judge's roles, and the name of the reward that answers in its place
     */
    record RewardSection(
            boolean shuffle,
            OverlongSection overlongBuffer,
            int maxAttempts,
            double minOkFraction,
            Map<String, List<ComponentSettings>> rewards,
            @Nullable String add,
            Map<String, String> roles,
            JudgeSettings judge) {
        RewardSection {
            rewards = Map.copyOf(rewards);
            new MissingRewardPolicy(maxAttempts, minOkFraction);
            roles = Map.copyOf(roles);
            new JudgeRouter(null, roles, new Rewards(rewards, null));
            if (add != null && !rewards.containsKey(add)) {
                throw new IllegalArgumentException(
                        "reward.add is '" + add + "' but reward.rewards has only " + rewards.keySet());
            }
        }

        MissingRewardPolicy patience() {
            return new MissingRewardPolicy(maxAttempts, minOkFraction);
        }
    }

    /** @param learnerUrl such as http://host:8080, for the transport http */
    record WeightSyncSection(String transport, @Nullable String learnerUrl, int keepLast, Duration timeout) {
        WeightSyncSection {
            if (!List.of("auto", "folder", "http").contains(transport)) {
                throw new IllegalArgumentException(
                        "weight_sync.transport is '" + transport + "' but must be auto, folder or http");
            }
            if (learnerUrl == null ? transport.equals("http") : !learnerUrl.matches("https?://[^/]+/?")) {
                throw new IllegalArgumentException("weight_sync.learner_url is " + learnerUrl
                        + " but must be the learner's address, such as http://host:8080, where weights come over HTTP");
            }
            if (keepLast < 2 || timeout.isNegative() || timeout.isZero()) {
                throw new IllegalArgumentException("weight_sync needs a keep_last of at least 2 and a timeout above 0,"
                        + " but has " + keepLast + " and " + timeout);
            }
        }
    }

    record HttpSection(
            String host,
            int port,
            @Nullable List<String> apiKeys,
            @Nullable TlsSettings tls) {
        private static final int MAX_BODY_BYTES = 16 << 20;

        HttpSettings settings() {
            return new HttpSettings(host, port, apiKeys, tls, MAX_BODY_BYTES);
        }
    }
}
