package io.foretell.launcher;

import io.foretell.judge.HttpJudge;
import io.foretell.judge.Judge;
import io.foretell.judge.JudgeModel;
import io.foretell.judge.JudgeSettings;
import io.foretell.learner.LearnerRun;
import io.foretell.learner.PhaseSettings;
import io.foretell.objectives.Objective;
import io.foretell.objectives.ObjectiveSettings;
import io.foretell.objectives.Objectives;
import io.foretell.objectives.PolicyVersion;
import io.foretell.objectives.ProxyModels;
import io.foretell.objectives.Tokenizer;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Health;
import io.foretell.platform.Json;
import io.foretell.platform.Metrics;
import io.foretell.platform.Watchdog;
import io.foretell.policy.HuggingFaceTokenizer;
import io.foretell.policy.PolicyOptions;
import io.foretell.policy.Precision;
import io.foretell.policy.ProxyPolicies;
import io.foretell.reward.ChatPrompt;
import io.foretell.reward.EmbeddedJudge;
import io.foretell.rollout.ChatTemplate;
import io.foretell.streams.PolicyFeed;
import io.foretell.streams.Topics;
import io.vertx.core.Vertx;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * What the roles of one process share.
 *
 * @param bootstrap address of the broker
 */
record Wiring(
        ForetellConfig config,
        String bootstrap,
        Topics topics,
        PolicyFeed feed,
        ProxyPolicies proxies,
        Vertx vertx,
        Metrics metrics,
        Health health,
        Watchdog watchdog,
        InstantSource clock) {
    private static final Duration FIRST_POLICY = Duration.ofMinutes(2);

    PolicyOptions samplingOptions() {
        String dtype = config.rollout().dtype();
        return policyOptions(config)
                .with(PolicyOptions.Use.SAMPLING)
                .with(Precision.parse(dtype == null ? config.policy().dtype() : dtype));
    }

    PolicyOptions scoringOptions() {
        return policyOptions(config).with(PolicyOptions.Use.SCORING);
    }

    /** For a second model that judges; its room for answers is its own. */
    PolicyOptions judgingOptions() {
        return policyOptions(config).with(PolicyOptions.Use.SAMPLING);
    }

    static PolicyOptions policyOptions(ForetellConfig config) {
        return PolicyOptions.DEFAULT
                .withThreads(config.policy().threads())
                .withCacheTokens(config.rollout().kvCacheTokens())
                .with(Precision.parse(config.policy().dtype()))
                .withOnProcessor(config.policy().device().equals("cpu"));
    }

    /**
     * The learner's latest announcement; roles other than the learner begin with it. One whose weights are gone is of
     * a history that a crash ended, and another follows as soon as the learner is there.
     */
    PolicyVersion firstPolicy() {
        CompletableFuture<PolicyVersion> there = new CompletableFuture<>();
        feed.onChange(version -> {
            if (Files.isDirectory(Path.of(version.location()))) {
                there.complete(version);
            }
        });
        try {
            return there.get(FIRST_POLICY.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException | ExecutionException e) {
            throw new ForetellException(
                    ErrorCode.TIMEOUT,
                    "no policy version was published within " + FIRST_POLICY.toSeconds()
                            + " s in a folder that can be read here: is the learner running?",
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ForetellException(ErrorCode.UNAVAILABLE, "interrupted while waiting for the first policy", e);
        }
    }

    HuggingFaceTokenizer tokenizer() {
        return HuggingFaceTokenizer.open(Path.of(firstPolicy().location()));
    }

    /**
     * A judge of its own for who asks, as {@code reward.judge} says; null where it names none.
     *
     * @param folder of the run's, for its verdicts
     */
    @Nullable
    Judge judge(String folder) {
        JudgeSettings settings = config.reward().judge();
        if (!settings.isConfigured()) {
            return null;
        }
        JudgeModel model = settings.policy() != null
                ? embedded(Path.of(settings.policy()))
                : new HttpJudge(
                        String.valueOf(settings.baseUrl()),
                        settings.apiKey(),
                        settings.model(),
                        settings.timeout(),
                        clock);
        return Judge.open(settings, model, config.folder().resolve(folder), metrics);
    }

    private JudgeModel embedded(Path folder) {
        ChatPrompt prompt = ChatTemplate.find(folder, clock)
                .<ChatPrompt>map(template -> messages -> template.render(
                        Json.mapper().valueToTree(messages),
                        null,
                        true,
                        Json.mapper().createObjectNode()))
                .orElse(null);
        return EmbeddedJudge.open(folder, judgingOptions(), prompt);
    }

    /** One objective per phase. */
    List<Objective> objectives(Tokenizer tokenizer) {
        return objectives(config, tokenizer, proxies);
    }

    static List<Objective> objectives(ForetellConfig config, Tokenizer tokenizer, ProxyModels proxies) {
        List<Objective> objectives = new ArrayList<>();
        for (PhaseSettings phase : config.phases()) {
            objectives.add(Objectives.create(
                    phase.objective(),
                    new ObjectiveSettings(
                            tokenizer,
                            config.rollout().n(),
                            config.rollout().temperature(),
                            config.rollout().maxPromptLength(),
                            config.rollout().maxResponseLength(),
                            phase.options(),
                            proxies)));
        }
        return objectives;
    }

    static LearnerRun learnerRun(ForetellConfig config, List<Objective> objectives, Path origin, long untilStep) {
        return new LearnerRun(
                config.run().name(),
                config.folder(),
                origin,
                config.phases(),
                objectives,
                config.learner(),
                config.eval(),
                config.teacher().emaDecay(),
                config.reward().shuffle(),
                config.reward().overlongBuffer().shaping(config.rollout().maxResponseLength()),
                config.isSync(),
                config.ckpt().interval(),
                config.ckpt().keepLast(),
                config.resumeMode(),
                untilStep,
                policyOptions(config),
                config.run().seed());
    }
}
