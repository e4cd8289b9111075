package io.foretell.server;

import io.foretell.huggingface.ModelConfig;
import io.foretell.judge.HttpJudge;
import io.foretell.judge.Judge;
import io.foretell.judge.JudgeAnswer;
import io.foretell.judge.JudgeModel;
import io.foretell.judge.JudgeRequest;
import io.foretell.judge.JudgeSettings;
import io.foretell.platform.Metrics;
import io.foretell.platform.Time;
import io.foretell.policy.PolicyOptions;
import io.foretell.reward.EmbeddedJudge;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * The judges of one process, as {@code reward.judge} says. Who asks has limits and verdicts of their own; a model in this
 * process is the same for all, and is closed after them. Thread-safe.
 */
final class Judges implements AutoCloseable {
    private final ForetellConfig config;
    private final Metrics metrics;
    private final Time time;
    private @Nullable EmbeddedJudge embedded;

    Judges(ForetellConfig config, Metrics metrics, Time time) {
        this.config = config;
        this.metrics = metrics;
        this.time = time;
    }

    /**
     * A judge for who asks, who closes it; null where the configuration names none.
     *
     * @param folder of the run's, for its verdicts
     */
    @Nullable
    Judge open(String folder) {
        JudgeSettings settings = config.reward().judge();
        return settings.isConfigured()
                ? Judge.open(settings, model(settings), config.folder().resolve(folder), metrics)
                : null;
    }

    private synchronized JudgeModel model(JudgeSettings settings) {
        JudgeSettings.Endpoint endpoint = settings.endpoint();
        if (endpoint.policy() == null) {
            return new HttpJudge(
                    String.valueOf(endpoint.baseUrl()),
                    endpoint.apiKey(),
                    endpoint.model(),
                    settings.retry().timeout(),
                    time);
        }
        EmbeddedJudge model = embedded;
        if (model == null) {
            model = open(ModelConfig.folder("reward.judge.policy", endpoint.policy()));
            embedded = model;
        }
        return new Shared(model);
    }

    private EmbeddedJudge open(Path folder) {
        PolicyOptions options = Wiring.policyOptions(config).with(PolicyOptions.Use.SAMPLING); // its cache is its own
        return EmbeddedJudge.open(folder, options, time);
    }

    @Override
    public synchronized void close() {
        if (embedded != null) {
            embedded.close();
        }
    }

    /** A model that outlives who asks it. */
    private record Shared(JudgeModel model) implements JudgeModel {
        @Override
        public String name() {
            return model.name();
        }

        @Override
        public JudgeAnswer ask(JudgeRequest request) throws InterruptedException {
            return model.ask(request);
        }

        @Override
        public void close() {
            // whoever opened it does
        }
    }
}
