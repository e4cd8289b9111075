package io.foretell.rollout;

import io.foretell.objectives.FinishReason;
import io.foretell.objectives.FloatArray;
import io.foretell.objectives.Objective;
import io.foretell.objectives.PolicyVersion;
import io.foretell.objectives.Rollout;
import io.foretell.objectives.RolloutGroup;
import io.foretell.objectives.SamplingPlan;
import io.foretell.objectives.Task;
import io.foretell.objectives.TokenArray;
import io.foretell.objectives.VersionSpan;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Metrics;
import io.foretell.platform.Watchdog;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.Sample;
import io.foretell.policy.ServedPolicy;
import io.foretell.streams.Codecs;
import io.foretell.streams.PolicyFeed;
import io.foretell.streams.RecordSender;
import io.foretell.streams.Topics;
import io.foretell.streams.Work;
import io.foretell.streams.WorkQueue;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes tasks, samples a group for each, writes it to {@code rollouts} and only then acknowledges the task: a worker
 * that dies loses nothing but the samples in flight. Tasks whose objective samples nothing pass through as empty
 * groups. Runs on a thread of its own until closed.
 */
public final class RolloutWorker implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RolloutWorker.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration SEND = Duration.ofSeconds(30);
    private static final Duration NEW_WEIGHTS = Duration.ofSeconds(60);
    private static final long RENEW_SECONDS = 8;
    private static final String NAME = "rollout worker";

    private final List<Objective> phases;
    private final WorkQueue<Task> queue;
    private final RecordSender sender;
    private final String rollouts;
    private final PolicyFeed feed;
    private final ServedPolicy policy;
    private final String tokenizerFingerprint;
    private final Metrics metrics;
    private final Watchdog watchdog;
    private final InstantSource clock;
    private final Thread thread;
    private volatile boolean closed;
    private volatile boolean paused;

    /** Starts working. @param phases the objective of each phase, by index */
    public RolloutWorker(
            List<Objective> phases,
            WorkQueue<Task> queue,
            RecordSender sender,
            Topics topics,
            PolicyFeed feed,
            ServedPolicy policy,
            String tokenizerFingerprint,
            Metrics metrics,
            Watchdog watchdog,
            InstantSource clock) {
        this.phases = List.copyOf(phases);
        this.queue = queue;
        this.sender = sender;
        this.rollouts = topics.rollouts();
        this.feed = feed;
        this.policy = policy;
        this.tokenizerFingerprint = tokenizerFingerprint;
        this.metrics = metrics;
        this.watchdog = watchdog;
        this.clock = clock;
        this.thread = new Thread(this::work, "rollout-worker");
        thread.start();
    }

    /** Stops taking tasks after those in hand; sampling over HTTP goes on. */
    public void pause() {
        paused = true;
    }

    public void resume() {
        paused = false;
    }

    public boolean isPaused() {
        return paused;
    }

    /** Whether the worker's thread is still there. */
    public boolean isAlive() {
        return thread.isAlive();
    }

    private void work() {
        try (queue) {
            while (!closed) {
                if (paused) {
                    Thread.sleep(POLL.toMillis());
                    watchdog.done(NAME);
                    continue;
                }
                watchdog.waitingFor(NAME, "tasks");
                List<Work<Task>> tasks = queue.poll(POLL);
                if (!tasks.isEmpty()) {
                    answer(tasks);
                    watchdog.progress(NAME);
                }
            }
        } catch (InterruptedException e) {
            log.info("rollout worker interrupted");
        } catch (RuntimeException e) {
            log.error("the rollout worker stopped: {}", e.toString(), e);
        } finally {
            watchdog.done(NAME);
        }
    }

    private void answer(List<Work<Task>> tasks) throws InterruptedException {
        List<Work<Task>> ready = new ArrayList<>();
        long needed = -1;
        for (Work<Task> task : tasks) {
            if (task.value().phase() >= phases.size()) {
                queue.deadLetter(
                        task,
                        "the task belongs to phase " + task.value().phase() + " but the run has only " + phases.size());
            } else {
                needed = Math.max(needed, task.value().minPolicyVersion());
                ready.add(task);
            }
        }
        try {
            follow(needed);
            List<RolloutGroup> groups = sample(ready);
            List<CompletableFuture<Void>> sent = new ArrayList<>();
            for (RolloutGroup group : groups) {
                sent.add(sender.send(
                        rollouts,
                        group.id(),
                        Codecs.rolloutGroup().encode(group),
                        Codecs.rolloutGroup().labels(group)));
            }
            CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).get(SEND.toSeconds(), TimeUnit.SECONDS);
            ready.forEach(queue::accept);
        } catch (ForetellException | ExecutionException | TimeoutException e) {
            log.error("{} tasks go back to the queue: {}", ready.size(), e.toString());
            metrics.count("rollout_tasks_released");
            ready.forEach(queue::release);
            Thread.sleep(POLL.toMillis());
        }
        queue.commit();
    }

    /** Switches to the newest weights, waiting for version {@code needed} if it is not there yet. */
    private void follow(long needed) {
        PolicyVersion latest = feed.latest()
                .filter(version -> version.version() >= needed)
                .orElseGet(() -> feed.await(needed, NEW_WEIGHTS));
        long before = policy.version();
        try {
            policy.swap(latest);
            if (policy.version() != before) {
                metrics.gauge("weight_sync_seconds", policy.lastSwapSeconds());
                metrics.gauge("rollout_policy_version", latest.version());
            }
        } catch (RuntimeException e) {
            // The learner may have published a newer version and removed this one meanwhile.
            if (policy.version() < Math.max(needed, 0)) {
                throw e;
            }
            log.warn("keeping policy version {}: {}", policy.version(), e.toString());
        }
    }

    private List<RolloutGroup> sample(List<Work<Task>> tasks)
            throws InterruptedException, ExecutionException, TimeoutException {
        List<GenerationRequest> requests = new ArrayList<>();
        for (Work<Task> task : tasks) {
            plan(task.value()).ifPresent(plan -> requests.add(request(task.value(), plan)));
        }
        long start = System.nanoTime();
        PolicyVersion version = policy.current();
        List<List<Sample>> samples =
                requests.isEmpty() ? List.of() : generated(policy.submit(p -> p.generate(requests)));
        double seconds = (System.nanoTime() - start) / 1e9;
        List<RolloutGroup> groups = new ArrayList<>();
        int next = 0;
        long tokens = 0;
        for (Work<Task> task : tasks) {
            Optional<SamplingPlan> plan = plan(task.value());
            List<Rollout> answers = new ArrayList<>();
            if (plan.isPresent()) {
                for (Sample sample : samples.get(next++)) {
                    tokens += sample.tokens().length();
                    answers.add(rollout(answers.size(), task.attempt(), sample, plan.get(), policy.version()));
                }
            }
            groups.add(new RolloutGroup(
                    task.value(),
                    answers,
                    tokenizerFingerprint,
                    version == null ? "" : version.files().getOrDefault("model.safetensors", ""),
                    answers.isEmpty() ? 0 : seconds / requests.size(),
                    clock.instant()));
        }
        metrics.registry().counter("rollout_generated_tokens").increment(tokens);
        metrics.registry().counter("rollout_groups").increment(groups.size());
        return groups;
    }

    /** Waits for the model, renewing the locks of the tasks in hand. */
    private List<List<Sample>> generated(CompletableFuture<List<List<Sample>>> generation)
            throws InterruptedException, ExecutionException {
        while (true) {
            try {
                return generation.get(RENEW_SECONDS, TimeUnit.SECONDS);
            } catch (TimeoutException e) {
                queue.renew();
            }
        }
    }

    private Optional<SamplingPlan> plan(Task task) {
        return phases.get(task.phase()).sampling(task);
    }

    static GenerationRequest request(Task task, SamplingPlan plan) {
        SplittableRandom seeds = new SplittableRandom(task.seed());
        List<Long> drawn = new ArrayList<>();
        for (int i = 0; i < plan.n(); i++) {
            drawn.add(seeds.nextLong());
        }
        return new GenerationRequest(
                plan.context(), drawn, plan.temperature(), plan.minTokens(), plan.maxTokens(), plan.stopToken());
    }

    static Rollout rollout(int index, int attempt, Sample sample, SamplingPlan plan, long version) {
        boolean forced = plan.forceStop() && sample.finishReason() == FinishReason.LENGTH;
        TokenArray response = forced ? sample.tokens().append(plan.stopToken()) : sample.tokens();
        float[] logProbs = new float[response.length()];
        sample.logProbs().copyTo(logProbs, 0);
        return new Rollout(
                index,
                attempt,
                response,
                FloatArray.of(logProbs),
                forced ? 1 : 0,
                plan.temperature(),
                sample.seed(),
                sample.finishReason(),
                List.of(new VersionSpan(version, 0, response.length())));
    }

    @Override
    public void close() {
        closed = true;
        queue.wakeup();
        try {
            thread.join(TimeUnit.SECONDS.toMillis(30));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
