package io.foretell.launcher;

import io.foretell.learner.LearnerRun;
import io.foretell.learner.PhaseSettings;
import io.foretell.objectives.Objective;
import io.foretell.objectives.ObjectiveSettings;
import io.foretell.objectives.Objectives;
import io.foretell.objectives.PolicyVersion;
import io.foretell.objectives.Tokenizer;
import io.foretell.platform.Health;
import io.foretell.platform.Metrics;
import io.foretell.platform.Watchdog;
import io.foretell.policy.HuggingFaceTokenizer;
import io.foretell.policy.PolicyOptions;
import io.foretell.streams.PolicyFeed;
import io.foretell.streams.Topics;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * What the roles of one process share.
 *
 * @param bootstrap address of the broker
 * @param threads inside one operator of the model
 */
record Wiring(
        ForetellConfig config,
        String bootstrap,
        Topics topics,
        PolicyFeed feed,
        Vertx vertx,
        Metrics metrics,
        Health health,
        Watchdog watchdog,
        InstantSource clock) {
    private static final Duration FIRST_POLICY = Duration.ofMinutes(2);

    PolicyOptions policyOptions() {
        return new PolicyOptions(config.policy().threads(), PolicyOptions.DEFAULT.tokenBudget());
    }

    /** The learner's first announcement; roles other than the learner begin with it. */
    PolicyVersion firstPolicy() {
        return feed.latest().orElseGet(() -> feed.await(0, FIRST_POLICY));
    }

    HuggingFaceTokenizer tokenizer() {
        return HuggingFaceTokenizer.open(Path.of(firstPolicy().location()));
    }

    /** One objective per phase. */
    static List<Objective> objectives(ForetellConfig config, Tokenizer tokenizer) {
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
                            phase.options())));
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
                config.isSync(),
                config.ckpt().interval(),
                config.ckpt().keepLast(),
                config.resumeMode(),
                untilStep,
                config.policy().threads(),
                config.run().seed());
    }
}
