package io.foretell.server;

import io.foretell.domain.Options;
import io.foretell.domain.Tokenizer;
import io.foretell.domain.WeightAck;
import io.foretell.learner.PhaseSettings;
import io.foretell.learner.TrainingPlan;
import io.foretell.objectives.Objective;
import io.foretell.objectives.ObjectiveSettings;
import io.foretell.objectives.Objectives;
import io.foretell.objectives.ProxyModels;
import io.foretell.platform.Health;
import io.foretell.platform.Metrics;
import io.foretell.platform.NearestKey;
import io.foretell.platform.Time;
import io.foretell.platform.Watchdog;
import io.foretell.policy.PolicyOptions;
import io.foretell.policy.Precision;
import io.foretell.policy.ProxyPolicies;
import io.foretell.streams.PolicyFeed;
import io.foretell.streams.Topics;
import io.foretell.weightsync.HttpFetch;
import io.foretell.weightsync.PolicyFetch;
import io.foretell.weightsync.PolicyFollower;
import io.foretell.weightsync.ServedPolicy;
import io.vertx.core.Vertx;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * What the roles of one process share.
 *
 * @param methods methods available to the run's phases
 * @param bootstrap address of the broker
 */
public record Wiring(
        ForetellConfig config,
        Objectives methods,
        String bootstrap,
        Topics topics,
        PolicyFeed feed,
        ProxyPolicies proxies,
        Judges judges,
        Vertx vertx,
        Metrics metrics,
        Health health,
        Watchdog watchdog,
        Time time) {

    PolicyOptions samplingOptions() {
        String dtype = config.rollout().dtype();
        return policyOptions(config)
                .with(PolicyOptions.Use.SAMPLING)
                .with(Precision.parse(dtype == null ? config.policy().dtype() : dtype));
    }

    PolicyOptions scoringOptions() {
        return policyOptions(config).with(PolicyOptions.Use.SCORING);
    }

    public static PolicyOptions policyOptions(ForetellConfig config) {
        return PolicyOptions.DEFAULT
                .withThreads(config.policy().threads())
                .withCacheTokens(config.rollout().kvCacheTokens())
                .with(Precision.parse(config.policy().dtype()))
                .withOnProcessor(config.policy().device().equals("cpu"));
    }

    /** A served policy for {@code role} that follows the learner; swaps are measured and acknowledged. */
    ServedPolicy serve(String role, PolicyOptions options) {
        Duration timeout = config.weightSync().timeout();
        ServedPolicy policy = new ServedPolicy(role + "-policy", options, timeout, fetch(role, "policies"), time);
        String consumer = role + "@" + host() + ":" + ProcessHandle.current().pid();
        policy.onSwap(swap -> {
            metrics.gauge(role + "_policy_version", swap.weights().version());
            metrics.registry().timer("weight_sync", "role", role).record(Duration.ofNanos((long)
                    (swap.seconds() * 1e9)));
            metrics.registry().timer("weight_sync_load", "role", role).record(Duration.ofNanos((long)
                    (swap.loadSeconds() * 1e9)));
            metrics.registry().summary("weight_sync_bytes", "role", role).record(swap.bytes());
            feed.acknowledge(
                    new WeightAck(topics.run(), consumer, swap.weights().version(), swap.seconds(), swap.bytes()));
        });
        policy.onClose(() -> feed.withdraw(consumer));
        PolicyFollower.first(feed, time, weights -> {
            policy.swap(weights);
            return weights;
        });
        return policy;
    }

    private PolicyFetch fetch(String role, String folder) {
        WeightSyncSettings settings = config.weightSync();
        String url = settings.learnerUrl();
        if (url == null || settings.transport().equals("folder")) {
            return PolicyFetch.folder();
        }
        List<String> keys = config.http().apiKeys();
        PolicyFetch http = new HttpFetch(
                URI.create(url),
                keys == null || keys.isEmpty() ? null : keys.get(0),
                config.folder().resolve(role).resolve(folder),
                settings.timeout(),
                time);
        return settings.transport().equals("http") ? http : PolicyFetch.folderOr(http);
    }

    /**
     * Reads the tokenizer or another small file of the learner's latest version for {@code role}, without the
     * weights.
     */
    <T> T readModelFolder(String role, Function<Path, T> read) {
        PolicyFetch fetch = fetch(role, "tokenizer");
        return PolicyFollower.first(
                feed,
                time,
                version -> read.apply(fetch.fetch(version, name -> !name.endsWith(".safetensors"))
                        .folder()));
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    /** One objective per phase. */
    List<Objective> objectives(Tokenizer tokenizer) {
        return objectives(config, methods, tokenizer, proxies);
    }

    /** The display name of this objective. */
    String title(String objective) {
        return methods.description(objective).title();
    }

    /** One objective per phase, looked up in {@code methods}. */
    public static List<Objective> objectives(
            ForetellConfig config, Objectives methods, Tokenizer tokenizer, ProxyModels proxies) {
        List<Objective> objectives = new ArrayList<>();
        for (PhaseSettings phase : config.training().phases()) {
            ObjectiveSettings settings = new ObjectiveSettings(
                    tokenizer,
                    config.rollout().n(),
                    config.rollout().temperature(),
                    config.rollout().maxPromptLength(),
                    config.rollout().maxResponseLength(),
                    phase.options(),
                    proxies);
            try {
                objectives.add(methods.create(phase.objective(), settings));
            } catch (Options.UnknownOption e) {
                throw new IllegalArgumentException(NearestKey.suggest(e.getMessage(), e.key(), e.known()), e);
            }
        }
        return objectives;
    }

    public static TrainingPlan learnerRun(
            ForetellConfig config, List<Objective> objectives, Path origin, long untilStep) {
        return new TrainingPlan(
                new TrainingPlan.Identity(
                        config.run().name(),
                        config.folder(),
                        origin,
                        config.run().seed()),
                config.training(),
                objectives,
                new TrainingPlan.RewardShaping(
                        config.reward().shuffle(),
                        config.reward()
                                .overlongBuffer()
                                .shaping(config.rollout().maxResponseLength())),
                config.isSync(),
                config.weightSync().keepLast(),
                untilStep,
                policyOptions(config));
    }
}
