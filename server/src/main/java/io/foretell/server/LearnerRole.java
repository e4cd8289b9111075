package io.foretell.server;

import io.foretell.buffer.ExperienceBuffer;
import io.foretell.dashboard.DashboardRoutes;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.learner.Learner;
import io.foretell.learner.LearnerResources;
import io.foretell.learner.LearnerRoutes;
import io.foretell.learner.TrainingPlan;
import io.foretell.learner.evaluation.HeldOutDocuments;
import io.foretell.learner.evaluation.HeldOutReader;
import io.foretell.learner.metrics.MetricsLog;
import io.foretell.objectives.Objective;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.EventStream;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Routes;
import io.foretell.platform.Threads;
import io.foretell.sources.DocumentParser;
import io.foretell.streams.Codecs;
import io.foretell.streams.DeadLetterReader;
import io.foretell.streams.DeadLetters;
import io.foretell.streams.GroupReader;
import io.foretell.streams.QueueDepths;
import io.foretell.streams.RecordSender;
import io.foretell.weightsync.PolicyDownloads;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** scored-groups → policy versions. */
public final class LearnerRole implements Role {
    private static final Logger log = LoggerFactory.getLogger(LearnerRole.class);
    private static final long START_SECONDS = 300;
    private static final int EVENTS_KEPT = 2000;

    private final Wiring wiring;
    private final Path origin;
    private final long untilStep;
    private final Consumer<Learner.ProgressLine> progress;
    private final EventStream events = new EventStream(EVENTS_KEPT);
    private final ScheduledExecutorService ticker = Threads.scheduled("status-ticker");
    private volatile Map<String, Long> queues = Map.of();
    private HuggingFaceTokenizer tokenizer;
    private HeldOutReader heldOutReader;
    private RecordSender sender;
    private DeadLetters deadLetters;
    private QueueDepths depths;
    private Learner learner;
    private LearnerRoutes routes;

    public LearnerRole(Wiring wiring, Path origin, long untilStep, Consumer<Learner.ProgressLine> progress) {
        this.wiring = wiring;
        this.origin = origin;
        this.untilStep = untilStep;
        this.progress = progress;
    }

    @Override
    public String name() {
        return "learner";
    }

    /** Completes when the run has finished. */
    public CompletableFuture<Long> finished() {
        return learner.finished();
    }

    @Override
    public void start() {
        ForetellConfig config = wiring.config();
        tokenizer = HuggingFaceTokenizer.open(origin);
        List<Objective> objectives = wiring.objectives(tokenizer);
        TrainingPlan run = Wiring.learnerRun(config, objectives, origin, untilStep);
        sender = new RecordSender(wiring.bootstrap());
        deadLetters = new DeadLetters(wiring.bootstrap(), wiring.topics(), sender);
        HeldOutDocuments heldOut = new HeldOutDocuments(config.training().eval());
        heldOutReader = new HeldOutReader(
                wiring.bootstrap(),
                wiring.topics().documents(),
                new DocumentParser(),
                config.documents().heldOutFraction(),
                heldOut);
        learner = new Learner(
                run,
                () -> open(run),
                heldOut,
                step -> new MetricsLog(
                        config.folder().resolve("metrics.jsonl"), step, events, wiring.metrics(), wiring.time()),
                wiring.watchdog(),
                progress,
                wiring.time());
        await(learner.started());
        routes = new LearnerRoutes(learner, events, () -> queues, wiring::title);
        depths = new QueueDepths(wiring.bootstrap(), wiring.topics(), Map::of, Duration.ofSeconds(5));
        ticker.scheduleWithFixedDelay(this::tick, 0, 1, TimeUnit.SECONDS);
        wiring.health()
                .check(
                        "learner",
                        () -> learner.finished().isCompletedExceptionally()
                                ? Optional.of("the learner has stopped")
                                : Optional.empty());
    }

    private LearnerResources open(TrainingPlan run) {
        ExperienceBuffer buffer = ExperienceBuffer.open(
                run.folder().resolve("buffer"),
                Codecs.scoredGroup(run.objectives()),
                (record, reason) -> deadLetters.put(wiring.topics().scoredGroups(), record, reason),
                run.settings().filterGroups().enable(),
                run.training().buffer(),
                run.seed(),
                run::withFinalRewards);
        return LearnerResources.open(
                run,
                buffer,
                positions -> new GroupReader(wiring.bootstrap(), wiring.topics().scoredGroups(), positions),
                new DeadLetterReader(wiring.bootstrap(), wiring.topics(), wiring.time()),
                wiring.feed(),
                wiring.time());
    }

    private static void await(CompletableFuture<Long> started) {
        try {
            started.get(START_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new ForetellException(
                    ErrorCode.TIMEOUT, "the learner did not start within " + START_SECONDS + " s", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private void tick() {
        try {
            queues = depths.read();
            events.publish("status", routes.status().toString());
        } catch (RuntimeException e) {
            log.debug("queue depths cannot be read: {}", e.toString());
        }
    }

    @Override
    public List<Routes> routes() {
        return List.of(
                routes, new PolicyDownloads(wiring.config().folder().resolve("policies")), new DashboardRoutes());
    }

    @Override
    public void stop() {
        ticker.shutdownNow();
        try {
            learner.close();
        } finally {
            heldOutReader.close();
            depths.close();
            sender.close();
            events.close();
            tokenizer.close();
        }
    }
}
