package io.foretell.reward;

import io.foretell.judge.Judge;
import io.foretell.objectives.FloatArray;
import io.foretell.objectives.Objective;
import io.foretell.objectives.PolicyVersion;
import io.foretell.objectives.Reward;
import io.foretell.objectives.Rollout;
import io.foretell.objectives.RolloutGroup;
import io.foretell.objectives.ScoredGroup;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Metrics;
import io.foretell.platform.Watchdog;
import io.foretell.policy.PolicyException;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes groups, asks each group's objective for rewards, writes the scored group and only then acknowledges. All
 * questions of a batch go to the model in one call. A group whose objective fails is a dead letter; a reward that cannot
 * be had is marked so and travels on. Runs on a thread of its own until closed.
 */
public final class RewardWorker implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RewardWorker.class);
    private static final Duration POLL = Duration.ofMillis(200);
    private static final Duration SEND = Duration.ofSeconds(30);
    private static final Duration NEW_WEIGHTS = Duration.ofSeconds(60);
    private static final long RENEW_SECONDS = 8;
    private static final String NAME = "reward worker";

    private final List<Objective> phases;
    private final WorkQueue<RolloutGroup> queue;
    private final RecordSender sender;
    private final String scoredGroups;
    private final PolicyFeed feed;
    private final ServedPolicy policy;
    private final Judge judge;
    private final Metrics metrics;
    private final Watchdog watchdog;
    private final InstantSource clock;
    private final Thread thread;
    private volatile boolean closed;

    /** Starts working. @param phases the objective of each phase, by index */
    public RewardWorker(
            List<Objective> phases,
            WorkQueue<RolloutGroup> queue,
            RecordSender sender,
            Topics topics,
            PolicyFeed feed,
            ServedPolicy policy,
            Judge judge,
            Metrics metrics,
            Watchdog watchdog,
            InstantSource clock) {
        this.phases = List.copyOf(phases);
        this.queue = queue;
        this.sender = sender;
        this.scoredGroups = topics.scoredGroups();
        this.feed = feed;
        this.policy = policy;
        this.judge = judge;
        this.metrics = metrics;
        this.watchdog = watchdog;
        this.clock = clock;
        this.thread = new Thread(this::work, "reward-worker");
        thread.start();
    }

    /** Whether the worker's thread is still there. */
    public boolean isAlive() {
        return thread.isAlive();
    }

    private void work() {
        try (queue) {
            while (!closed) {
                watchdog.waitingFor(NAME, "rollouts");
                List<Work<RolloutGroup>> groups = queue.poll(POLL);
                if (!groups.isEmpty()) {
                    score(groups);
                    watchdog.progress(NAME);
                }
            }
        } catch (InterruptedException e) {
            log.info("reward worker interrupted");
        } catch (RuntimeException e) {
            log.error("the reward worker stopped: {}", e.toString(), e);
        } finally {
            watchdog.done(NAME);
        }
    }

    private void score(List<Work<RolloutGroup>> batch) throws InterruptedException {
        Map<Work<RolloutGroup>, CompletableFuture<List<Reward>>> rewards = new LinkedHashMap<>();
        try {
            follow(batch);
            BatchScorer scorer = new BatchScorer(judge);
            for (Work<RolloutGroup> work : batch) {
                rewards.put(work, ask(work.value(), scorer));
            }
            long start = System.nanoTime();
            answer(scorer);
            double seconds = (System.nanoTime() - start) / 1e9;
            List<CompletableFuture<Void>> sent = new ArrayList<>();
            List<Work<RolloutGroup>> done = new ArrayList<>();
            for (Map.Entry<Work<RolloutGroup>, CompletableFuture<List<Reward>>> entry : rewards.entrySet()) {
                Work<RolloutGroup> work = entry.getKey();
                try {
                    List<Reward> found = entry.getValue().get(SEND.toSeconds(), TimeUnit.SECONDS);
                    sent.add(send(work.value(), found, seconds / rewards.size()));
                    done.add(work);
                } catch (ExecutionException e) {
                    queue.deadLetter(work, "its objective could not reward it: " + e.getCause());
                }
            }
            CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new)).get(SEND.toSeconds(), TimeUnit.SECONDS);
            done.forEach(queue::accept);
        } catch (ForetellException | PolicyException | ExecutionException | TimeoutException e) {
            log.error("{} groups go back to the queue: {}", batch.size(), e.toString());
            metrics.count("reward_groups_released");
            release(batch);
            Thread.sleep(POLL.toMillis());
        }
        queue.commit();
    }

    private void release(List<Work<RolloutGroup>> batch) {
        for (Work<RolloutGroup> work : batch) {
            try {
                queue.release(work);
            } catch (IllegalStateException e) {
                log.debug("already given up: {}", e.getMessage());
            }
        }
    }

    private CompletableFuture<List<Reward>> ask(RolloutGroup group, BatchScorer scorer) {
        int phase = group.task().phase();
        if (phase >= phases.size()) {
            return CompletableFuture.failedFuture(new IllegalArgumentException(
                    "the group belongs to phase " + phase + " but the run has only " + phases.size()));
        }
        try {
            CompletionStage<List<Reward>> rewards = phases.get(phase).reward(group, scorer);
            return rewards.toCompletableFuture();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    /** Asks the model everything at once, renewing the locks of the groups in hand while it works. */
    private void answer(BatchScorer scorer) throws InterruptedException, ExecutionException {
        if (scorer.isEmpty()) {
            return;
        }
        metrics.registry().counter("reward_scored_tokens").increment(scorer.tokens());
        CompletableFuture<List<FloatArray>> answers = policy.submit(scorer::answers);
        while (true) {
            try {
                scorer.complete(answers.get(RENEW_SECONDS, TimeUnit.SECONDS));
                return;
            } catch (TimeoutException e) {
                queue.renew();
            }
        }
    }

    private CompletableFuture<Void> send(RolloutGroup group, List<Reward> rewards, double seconds) {
        ScoredGroup scored = new ScoredGroup(group, rewards, policy.version(), seconds, clock.instant());
        for (Reward reward : rewards) {
            metrics.count("reward_rewards", "status", reward.status().name().toLowerCase(java.util.Locale.ROOT));
        }
        return sender.send(
                scoredGroups,
                scored.id(),
                Codecs.scoredGroup().encode(scored),
                Codecs.scoredGroup().labels(scored));
    }

    /** Scores with weights at least as new as those that sampled. */
    private void follow(List<Work<RolloutGroup>> batch) {
        long needed = batch.stream()
                .flatMap(work -> work.value().rollouts().stream())
                .mapToLong(Rollout::oldestVersion)
                .max()
                .orElse(-1);
        PolicyVersion latest = feed.latest()
                .filter(version -> version.version() >= needed)
                .orElseGet(() -> needed < 0 ? feed.await(-1, NEW_WEIGHTS) : newest(needed));
        long before = policy.version();
        try {
            policy.swap(latest);
            if (policy.version() != before) {
                metrics.gauge("reward_policy_version", latest.version());
            }
        } catch (RuntimeException e) {
            if (policy.version() < 0) {
                throw e;
            }
            log.warn("keeping policy version {}: {}", policy.version(), e.toString());
        }
    }

    /** After a learner's crash the newest version may be older than the one that sampled: it has to do. */
    private PolicyVersion newest(long needed) {
        return feed.latest().orElseGet(() -> feed.await(needed, NEW_WEIGHTS));
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
