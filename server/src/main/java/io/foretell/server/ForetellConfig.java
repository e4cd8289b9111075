package io.foretell.server;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.foretell.judge.JudgeSettings;
import io.foretell.learner.OverlongShaping;
import io.foretell.learner.TrainingSettings;
import io.foretell.platform.Check;
import io.foretell.platform.Configuration;
import io.foretell.platform.HttpSettings;
import io.foretell.platform.TlsSettings;
import io.foretell.policy.Precision;
import io.foretell.reward.JudgeRouter;
import io.foretell.reward.MissingRewardPolicy;
import io.foretell.reward.RewardPart;
import io.foretell.reward.Rewards;
import io.foretell.sources.SyntheticCorpora;
import io.foretell.streams.FeederSettings;
import io.foretell.streams.KafkaSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The whole configuration, section by section; {@code defaults.yaml} has every key with its default and its meaning.
 * Immutable.
 *
 * @param training the sections phases, teacher, learner, buffer, ckpt, resume_mode, resume_restore and eval
 */
public record ForetellConfig(
        RunSection run,
        KafkaSection kafka,
        PolicySection policy,
        DocumentsSection documents,
        RolloutSection rollout,
        RewardSection reward,
        @JsonUnwrapped TrainingSettings training,
        WeightSyncSection weightSync,
        HttpSection http) {
    /** Keys that had another name; files that still have it are refused. */
    private static final Map<String, String> RENAMED = Map.of(
            "documents.ahead", "documents.max_ahead",
            "documents.thoughts", "documents.thought_template",
            "policy.init.std", "policy.init.init_std",
            "reward.add", "reward.additional",
            "reward.roles", "reward.judge_overrides",
            "buffer.stale", "learner.stale",
            "buffer.stale_decay", "learner.stale_decay");

    private static final Configuration.Defaults DEFAULTS = new Configuration.Defaults("defaults.yaml", RENAMED);

    public ForetellConfig {
        feeder(run, training, documents);
        int maxTokens = training.learner().batch().maxTokensPerMicroBatch();
        int longest = rollout.maxPromptLength() + 1 + rollout.maxResponseLength();
        if (longest > maxTokens) {
            throw new IllegalArgumentException("rollout.max_prompt_length " + rollout.maxPromptLength()
                    + " + 1 + rollout.max_response_length " + rollout.maxResponseLength() + " = " + longest
                    + " tokens, but learner.max_tokens_per_micro_batch is " + maxTokens
                    + ": a single sequence would not fit");
        }
        if (reward.overlongBuffer().enable() && reward.overlongBuffer().len() > rollout.maxResponseLength()) {
            throw new IllegalArgumentException("reward.overlong_buffer.len is "
                    + reward.overlongBuffer().len() + " but a response has at most rollout.max_response_length = "
                    + rollout.maxResponseLength() + " tokens");
        }
        if (documents.thoughtTemplate() != null && !reward.judge().isConfigured()) {
            throw new IllegalArgumentException("documents.thought_template needs a model that writes the thoughts: set"
                    + " reward.judge.base_url or reward.judge.policy");
        }
        if (rollout.maxInflightRollouts() < rollout.n()) {
            throw new IllegalArgumentException("rollout.max_inflight_rollouts is " + rollout.maxInflightRollouts()
                    + " but one group has rollout.n = " + rollout.n() + " rollouts");
        }
    }

    /** Resolves defaults, file, environment and overrides. */
    public static Configuration<ForetellConfig> load(
            @Nullable Path file, List<String> overrides, Map<String, String> environment) {
        return Configuration.load(DEFAULTS, file, overrides, environment, ForetellConfig.class);
    }

    /** How the feeder turns documents into tasks. */
    FeederSettings feeder() {
        return feeder(run, training, documents);
    }

    private static FeederSettings feeder(RunSection run, TrainingSettings training, DocumentsSection documents) {
        return new FeederSettings(
                training.learner().batch().promptsPerStep(),
                training.learner().offPolicy().maxOffPolicySteps(),
                run.isSync(),
                documents.deduplicate(),
                documents.epochs(),
                documents.heldOutFraction());
    }

    public Path folder() {
        return Path.of(run.dir()).resolve(run.name());
    }

    public boolean isSync() {
        return run.isSync();
    }

    /** @param fullDeterminism whether sampler and scorer take one group at a time */
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
                        "run.full_determinism is true but run.mode is async, which trains on whatever arrives first: set"
                                + " run.mode to sync");
            }
            Check.that("run.mode", mode, mode.equals("async") || mode.equals("sync"), "async or sync");
        }

        boolean isSync() {
            return mode.equals("sync");
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

    record InitSection(String arch, String size, String tokenizer, double initStd) {}

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
            Check.that("policy.device", device, device.equals("auto") || device.equals("cpu"), "auto or cpu");
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

    /**
     * @param maxAhead maximum number of documents that sources may be ahead of the feeder
     * @param thoughtTemplate how a document and a model's thoughts about it become one; null for documents as they are
     */
    record DocumentsSection(
            List<SourceSection> sources,
            String deduplicate,
            int epochs,
            double heldOutFraction,
            long maxAhead,
            @Nullable String thoughtTemplate) {
        DocumentsSection {
            sources = List.copyOf(sources);
            Check.that("documents.max_ahead", maxAhead, maxAhead >= 1, "at least 1");
            boolean isTemplate = thoughtTemplate == null
                    || thoughtTemplate.contains("{text}") && thoughtTemplate.contains("{thoughts}");
            Check.that(
                    "documents.thought_template",
                    thoughtTemplate,
                    isTemplate,
                    "a text with {text} and {thoughts}, or null");
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
            Check.that("rollout.n", n, n >= 1, "at least 1");
            Check.that("rollout.temperature", temperature, temperature > 0, "above 0");
            Check.that("rollout.max_prompt_length", maxPromptLength, maxPromptLength >= 1, "at least 1");
            Check.that("rollout.max_response_length", maxResponseLength, maxResponseLength >= 1, "at least 1");
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

    /** @param len tokens before the limit over which the penalty grows */
    record OverlongSection(boolean enable, int len, double penaltyFactor) {
        OverlongSection {
            Check.that("reward.overlong_buffer.len", len, len >= 1, "at least 1");
            Check.that("reward.overlong_buffer.penalty_factor", penaltyFactor, penaltyFactor > 0, "above 0");
        }

        @Nullable
        OverlongShaping shaping(int maxResponseLength) {
            return enable ? new OverlongShaping(maxResponseLength, len, penaltyFactor) : null;
        }
    }

    /**
     * @param additional one of {@code rewards}, added to the reward of the method; null for none
     * @param judgeOverrides role of a judge to the name of the reward that answers in its place
     */
    record RewardSection(
            boolean shuffle,
            OverlongSection overlongBuffer,
            int maxAttempts,
            double minOkFraction,
            Map<String, List<RewardPart>> rewards,
            @Nullable String additional,
            Map<String, String> judgeOverrides,
            JudgeSettings judge) {
        RewardSection {
            rewards = Map.copyOf(rewards);
            new MissingRewardPolicy(maxAttempts, minOkFraction);
            judgeOverrides = Map.copyOf(judgeOverrides);
            new JudgeRouter(null, judgeOverrides, new Rewards(rewards, null));
            boolean isKnown = additional == null || rewards.containsKey(additional);
            Check.that(
                    "reward.additional", additional, isKnown, "one of reward.rewards, which has " + rewards.keySet());
        }

        MissingRewardPolicy patience() {
            return new MissingRewardPolicy(maxAttempts, minOkFraction);
        }
    }

    /** @param learnerUrl such as http://host:8080, for the transport http */
    record WeightSyncSection(String transport, @Nullable String learnerUrl, int keepLast, Duration timeout) {
        WeightSyncSection {
            boolean isTransport = List.of("auto", "folder", "http").contains(transport);
            Check.that("weight_sync.transport", transport, isTransport, "auto, folder or http");
            Check.that(
                    "weight_sync.learner_url",
                    learnerUrl,
                    learnerUrl == null ? !transport.equals("http") : learnerUrl.matches("https?://[^/]+/?"),
                    "the learner's address, such as http://host:8080, where weights come over HTTP");
            Check.that("weight_sync.keep_last", keepLast, keepLast >= 2, "at least 2");
            Check.that("weight_sync.timeout", timeout, timeout.toMillis() > 0, "above 0");
        }
    }

    record HttpSection(
            String host,
            int port,
            @Nullable List<String> apiKeys,
            @Nullable TlsSettings tls) {
        private static final int MAX_BODY_BYTES = 16 << 20;

        HttpSection {
            new HttpSettings(host, port, apiKeys, tls, MAX_BODY_BYTES);
        }

        HttpSettings settings() {
            return new HttpSettings(host, port, apiKeys, tls, MAX_BODY_BYTES);
        }
    }
}
