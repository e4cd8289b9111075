package io.foretell.server;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import io.foretell.learner.TrainingSettings;
import io.foretell.platform.Check;
import io.foretell.platform.Configuration;
import io.foretell.platform.HttpSettings;
import io.foretell.platform.TlsSettings;
import io.foretell.streams.FeederSettings;
import io.foretell.streams.KafkaSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The whole configuration, section by section; {@code defaults.yaml} lists every key with its default and meaning.
 * Immutable.
 *
 * @param training the sections phases, teacher, learner, buffer, ckpt, resume_mode, resume_restore and eval
 */
public record ForetellConfig(
        RunSection run,
        KafkaSection kafka,
        PolicySettings policy,
        DocumentsSettings documents,
        RolloutSettings rollout,
        RewardSettings reward,
        @JsonUnwrapped TrainingSettings training,
        WeightSyncSettings weightSync,
        HttpSection http) {
    /** Renamed keys; files with the old name are rejected. */
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

    private static FeederSettings feeder(RunSection run, TrainingSettings training, DocumentsSettings documents) {
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

    /**
     * Section {@code run} of the configuration.
     *
     * @param fullDeterminism whether sampler and scorer process one group at a time
     */
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

    /**
     * Section {@code kafka} of the configuration.
     *
     * @param embedded true, false or "child": a boolean or text in YAML
     */
    public record KafkaSection(Object embedded, @Nullable String bootstrap, int partitions) {
        public KafkaSection {
            new KafkaSettings(String.valueOf(embedded), bootstrap, partitions);
        }

        KafkaSettings settings() {
            return new KafkaSettings(String.valueOf(embedded), bootstrap, partitions);
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
