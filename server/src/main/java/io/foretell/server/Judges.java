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
 * The judges of one process, configured by {@code reward.judge}. Each caller has its own limits and verdicts. A local
 * model is shared by all callers and closed after them. Thread-safe.
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
     * A judge for one caller, which must close it; null if the configuration names none.
     *
     * @param folder folder for its verdicts, in the run folder
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
        PolicyOptions options = Wiring.policyOptions(config).with(PolicyOptions.Use.SAMPLING); // it has its own cache
        return EmbeddedJudge.open(folder, options, time);
    }

    @Override
    public synchronized void close() {
        if (embedded != null) {
            embedded.close();
        }
    }

    /** A model shared by several callers; closing it has no effect. */
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
            // the one that opened it closes it
        }
    }
}
