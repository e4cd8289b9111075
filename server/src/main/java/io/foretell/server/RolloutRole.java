package io.foretell.server;

import io.foretell.domain.Task;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.objectives.Objective;
import io.foretell.platform.Routes;
import io.foretell.rollout.RolloutRoutes;
import io.foretell.rollout.RolloutWorker;
import io.foretell.rollout.ServedModel;
import io.foretell.streams.Codecs;
import io.foretell.streams.DeadLetters;
import io.foretell.streams.RecordSender;
import io.foretell.streams.WorkLoop;
import io.foretell.streams.WorkQueue;
import io.foretell.weightsync.RolloutEngine;
import java.util.List;
import java.util.Optional;

/** tasks → rollouts. */
public final class RolloutRole implements Role {
    private final Wiring wiring;
    private HuggingFaceTokenizer tokenizer;
    private ServedModel served;
    private List<Objective> objectives;
    private RolloutEngine engine;
    private RecordSender sender;
    private WorkLoop<Task> worker;

    public RolloutRole(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public String name() {
        return "rollout";
    }

    @Override
    public void start() {
        ForetellConfig config = wiring.config();
        served = wiring.readModelFolder("rollout", folder -> {
            tokenizer = HuggingFaceTokenizer.open(folder);
            return ServedModel.read(folder, tokenizer, wiring.time());
        });
        objectives = wiring.objectives(tokenizer);
        engine = switch (config.rollout().engine()) {
            case EMBEDDED -> wiring.serve("rollout", wiring.samplingOptions());
        };
        sender = new RecordSender(wiring.bootstrap());
        int tasksAtOnce =
                config.rollout().maxInflightRollouts() / config.rollout().n();
        worker = new WorkLoop<>(
                        "rollout worker",
                        WorkQueue.open(
                                wiring.bootstrap(),
                                wiring.topics().tasks(),
                                wiring.topics().rolloutWorkers(),
                                Codecs.task(),
                                wiring.config().run().fullDeterminism() ? 1 : tasksAtOnce,
                                new DeadLetters(wiring.bootstrap(), wiring.topics(), sender),
                                wiring.time()),
                        sender,
                        wiring.topics().rollouts(),
                        wiring.watchdog(),
                        new RolloutWorker(
                                objectives,
                                wiring.feed(),
                                engine,
                                tokenizer.fingerprint(),
                                wiring.metrics(),
                                wiring.time()),
                        wiring.time())
                .start();
        wiring.health()
                .check(
                        "rollout",
                        () -> worker.isAlive() ? Optional.empty() : Optional.of("the rollout worker has stopped"));
    }

    @Override
    public List<Routes> routes() {
        return List.of(new RolloutRoutes(
                engine,
                served,
                wiring.feed(),
                worker,
                objectives.get(objectives.size() - 1),
                wiring.config().rollout().maxResponseLength(),
                wiring.time()));
    }

    @Override
    public void stop() {
        worker.close();
        sender.close();
        engine.close();
        tokenizer.close();
    }
}
