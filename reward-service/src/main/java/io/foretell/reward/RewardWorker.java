package io.foretell.reward;

import io.foretell.domain.Example;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Futures;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.objectives.Objective;
import io.foretell.platform.Metrics;
import io.foretell.platform.Time;
import io.foretell.streams.Codecs;
import io.foretell.streams.PolicyFeed;
import io.foretell.streams.Work;
import io.foretell.streams.WorkLoop;
import io.foretell.weightsync.PolicyFollower;
import io.foretell.weightsync.ServedPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * rollouts → scored-groups: asks each group's objective for rewards. All questions of a batch go to the model in one
 * call. If the objective spawns subtasks, they are sent to {@code tasks} first and the group lists their ids. Missing
 * rewards are marked and passed on; a group with too few rewards is retried and then dead-lettered, as is one whose
 * objective fails. Confined to the loop's thread.
 */
public final class RewardWorker implements WorkLoop.Step<RolloutGroup> {
    private static final Logger log = LoggerFactory.getLogger(RewardWorker.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final List<Objective> phases;
    private final String tasks;
    private final ServedPolicy policy;
    private final PolicyFollower follower;
    private final JudgeRouter roles;
    private final @Nullable AddedReward added;
    private final MissingRewardPolicy patience;
    private final Metrics metrics;
    private final Time time;

    /**
     * @param phases the objective of each phase, by index
     * @param tasks topic of tasks
     * @param roles answers the judge roles
     * @param added added to every method's own reward; null for nothing
     */
    public RewardWorker(
            List<Objective> phases,
            String tasks,
            PolicyFeed feed,
            ServedPolicy policy,
            JudgeRouter roles,
            @Nullable AddedReward added,
            MissingRewardPolicy patience,
            Metrics metrics,
            Time time) {
        this.phases = List.copyOf(phases);
        this.tasks = tasks;
        this.policy = policy;
        this.follower = new PolicyFollower(feed, policy, PATIENCE);
        this.roles = roles;
        this.added = added;
        this.patience = patience;
        this.metrics = metrics;
        this.time = time;
    }

    @Override
    public Map<Work<RolloutGroup>, WorkLoop.Answer> answer(List<Work<RolloutGroup>> batch, WorkLoop<RolloutGroup> loop)
            throws InterruptedException {
        follower.follow(sampledBy(batch), 0, loop);
        BatchScorer scorer = new BatchScorer(roles);
        Map<Work<RolloutGroup>, CompletableFuture<Rewarded>> rewards = new LinkedHashMap<>();
        long start = time.nanos();
        batch.forEach(work -> rewards.put(work, ask(work.value(), scorer).thenCompose(this::withAdded)));
        if (!scorer.isEmpty()) {
            metrics.registry().counter("reward_scored_tokens").increment(scorer.tokens());
            List<FloatArray> found = loop.await(policy.submit(scorer::answers));
            scorer.complete(found);
        }
        loop.await(Futures.all(rewards.values()).exceptionally(told -> List.of())); // each failure is reported below
        double seconds = time.secondsSince(start) / batch.size();
        Map<Work<RolloutGroup>, WorkLoop.Answer> answers = new LinkedHashMap<>();
        for (Map.Entry<Work<RolloutGroup>, CompletableFuture<Rewarded>> entry : rewards.entrySet()) {
            Work<RolloutGroup> work = entry.getKey();
            try {
                Rewarded found = loop.await(entry.getValue());
                if (isEnough(work, found.rewards(), loop)) {
                    answers.put(work, scored(found, seconds));
                }
            } catch (IllegalArgumentException | IllegalStateException | IndexOutOfBoundsException e) {
                loop.giveUp(work, "its objective could not reward it: " + e);
            }
        }
        return answers;
    }

    /** A group with its candidates, and one reward per response. */
    private record Rewarded(RolloutGroup pool, List<Reward> rewards) {}

    private CompletableFuture<Rewarded> ask(RolloutGroup group, BatchScorer scorer) {
        int phase = group.task().phase();
        if (phase < 0 || phase >= phases.size()) {
            return CompletableFuture.failedFuture(new IllegalArgumentException(
                    "the group belongs to phase " + phase + " but the run has only " + phases.size()));
        }
        try {
            Objective objective = phases.get(phase);
            return objective
                    .withCandidates(group, scorer)
                    .thenCompose(pool -> objective
                            .reward(pool.task().example(), pool.context(), pool.rollouts(), scorer)
                            .thenApply(rewards -> new Rewarded(pool, rewards)))
                    .toCompletableFuture();
        } catch (RuntimeException e) {
            return CompletableFuture.failedFuture(e);
        }
    }

    private CompletableFuture<Rewarded> withAdded(Rewarded own) {
        return added == null
                ? CompletableFuture.completedFuture(own)
                : added.addTo(own.rewards(), own.pool()).thenApply(sums -> new Rewarded(own.pool(), sums));
    }

    /** Whether to pass the group on; otherwise it is retried, or dead-lettered at its last attempt. */
    private boolean isEnough(Work<RolloutGroup> work, List<Reward> rewards, WorkLoop<RolloutGroup> loop) {
        Optional<String> shortfall = patience.shortfall(rewards);
        if (shortfall.isEmpty()) {
            metrics.count("reward_groups", "outcome", "scored");
            return true;
        }
        if (work.attempt() < patience.maxAttempts()) {
            metrics.count("reward_groups", "outcome", "retried");
            log.info("group {} is tried again: {}", work.value().id(), shortfall.get());
            loop.retry(work);
        } else {
            metrics.count("reward_groups", "outcome", "dead_letter");
            loop.giveUp(work, shortfall.get() + " (attempt " + work.attempt() + ", the last)");
        }
        return false;
    }

    private WorkLoop.Answer scored(Rewarded found, double seconds) {
        ScoredGroup scored = new ScoredGroup(found.pool(), found.rewards(), policy.version(), seconds, time.instant());
        for (Reward reward : found.rewards()) {
            metrics.count("reward_rewards", "status", reward.status().name().toLowerCase(Locale.ROOT));
        }
        List<Task> spawned = spawned(scored);
        metrics.registry().counter("reward_spawned_tasks").increment(spawned.size());
        scored = scored.withChildren(spawned.stream().map(Task::id).toList());
        return new WorkLoop.Answer(
                scored.id(),
                Codecs.scoredGroup().encode(scored),
                Codecs.scoredGroup().labels(scored),
                spawned.stream()
                        .map(task -> new WorkLoop.Addressed(
                                tasks,
                                task.id(),
                                Codecs.task().encode(task),
                                Codecs.task().labels(task)))
                        .toList());
    }

    /** The subtasks; the same group always gets the same tasks with the same ids. */
    private List<Task> spawned(ScoredGroup scored) {
        Task parent = scored.task();
        List<Task> spawned = new ArrayList<>();
        if (Task.parentOf(parent.id()).isEmpty()) {
            for (Example cut : phases.get(parent.phase()).subtasks(scored)) {
                spawned.add(parent.child(spawned.size(), cut, time.instant()));
            }
        }
        return spawned;
    }

    /** The newest of the versions that the rollouts started with; -1 if nothing was sampled. */
    private static long sampledBy(List<Work<RolloutGroup>> batch) {
        return batch.stream()
                .flatMap(work -> work.value().rollouts().stream())
                .mapToLong(Rollout::oldestVersion)
                .max()
                .orElse(-1);
    }
}
