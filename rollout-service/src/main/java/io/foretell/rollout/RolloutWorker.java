package io.foretell.rollout;

import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.PublishedWeights;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.VersionRange;
import io.foretell.objectives.Objective;
import io.foretell.platform.Metrics;
import io.foretell.platform.Time;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.SamplingParameters;
import io.foretell.streams.Codecs;
import io.foretell.streams.PolicyFeed;
import io.foretell.streams.Work;
import io.foretell.streams.WorkLoop;
import io.foretell.weightsync.PolicyFollower;
import io.foretell.weightsync.RolloutEngine;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * tasks → rollouts: samples a group for each task, all tasks of a batch in one model call, with the newest weights.
 * Tasks whose objective samples nothing pass through as empty groups. Confined to the loop's thread.
 */
public final class RolloutWorker implements WorkLoop.Step<Task> {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final List<Objective> phases;
    private final RolloutEngine policy;
    private final PolicyFollower follower;
    private final String tokenizerFingerprint;
    private final Metrics metrics;
    private final Time time;

    /** @param phases the objective of each phase, by index */
    public RolloutWorker(
            List<Objective> phases,
            PolicyFeed feed,
            RolloutEngine policy,
            String tokenizerFingerprint,
            Metrics metrics,
            Time time) {
        this.phases = List.copyOf(phases);
        this.policy = policy;
        this.follower = new PolicyFollower(feed, policy, PATIENCE);
        this.tokenizerFingerprint = tokenizerFingerprint;
        this.metrics = metrics;
        this.time = time;
    }

    @Override
    public Map<Work<Task>, WorkLoop.Answer> answer(List<Work<Task>> batch, WorkLoop<Task> loop)
            throws InterruptedException {
        List<Work<Task>> tasks = new ArrayList<>();
        long needed = -1;
        for (Work<Task> task : batch) {
            if (task.value().phase() < 0 || task.value().phase() >= phases.size()) {
                loop.giveUp(
                        task,
                        "the task belongs to phase " + task.value().phase() + " but the run has only " + phases.size());
            } else {
                needed = Math.max(needed, task.value().minPolicyVersion());
                tasks.add(task);
            }
        }
        follower.follow(needed, needed, loop);
        Map<Work<Task>, WorkLoop.Answer> answers = new LinkedHashMap<>();
        for (Map.Entry<Work<Task>, RolloutGroup> entry : sample(tasks, loop).entrySet()) {
            RolloutGroup group = entry.getValue();
            answers.put(
                    entry.getKey(),
                    new WorkLoop.Answer(
                            group.id(),
                            Codecs.rolloutGroup().encode(group),
                            Codecs.rolloutGroup().labels(group)));
        }
        return answers;
    }

    private Map<Work<Task>, RolloutGroup> sample(List<Work<Task>> tasks, WorkLoop<Task> loop)
            throws InterruptedException {
        Map<Work<Task>, SamplingPlan> plans = new LinkedHashMap<>(); // plans of sampled tasks
        List<GenerationRequest> requests = new ArrayList<>();
        for (Work<Task> work : tasks) {
            Task task = work.value();
            phases.get(task.phase()).sampling(task.prompt(), task.target()).ifPresent(plan -> {
                plans.put(work, plan);
                requests.add(request(task.seed(), plan));
            });
        }
        long start = time.nanos();
        PublishedWeights version = policy.current();
        List<List<Completion>> samples = requests.isEmpty() ? List.of() : loop.await(policy.generate(requests));
        double seconds = time.secondsSince(start);
        boolean isOfOne = policy.current().fingerprint().equals(version.fingerprint()); // others may switch weights too
        String fingerprint = isOfOne ? version.fingerprint() : "";
        Map<Work<Task>, RolloutGroup> groups = new LinkedHashMap<>();
        int next = 0;
        long tokens = 0;
        for (Work<Task> work : tasks) {
            SamplingPlan plan = plans.get(work);
            List<Rollout> rollouts = new ArrayList<>();
            for (Completion sample : plan == null ? List.<Completion>of() : samples.get(next++)) {
                tokens += sample.tokens().length();
                rollouts.add(rollout(rollouts.size(), work.attempt(), sample, plan));
            }
            groups.put(
                    work,
                    new RolloutGroup(
                            work.value(),
                            plan == null ? TokenArray.EMPTY : plan.context(),
                            plan == null ? -1 : plan.forbiddenFirst(),
                            rollouts,
                            tokenizerFingerprint,
                            fingerprint,
                            plan == null ? 0 : seconds / requests.size(),
                            time.instant()));
        }
        metrics.registry().counter("rollout_generated_tokens").increment(tokens);
        metrics.registry().counter("rollout_groups").increment(groups.size());
        return groups;
    }

    /** @param seed the task's seed, from which the seeds of its rollouts are drawn */
    static GenerationRequest request(long seed, SamplingPlan plan) {
        SplittableRandom seeds = new SplittableRandom(seed);
        List<Long> drawn = new ArrayList<>();
        for (int i = 0; i < plan.n(); i++) {
            drawn.add(seeds.nextLong());
        }
        return new GenerationRequest(
                plan.context(),
                drawn,
                SamplingParameters.plain(plan.temperature(), plan.minTokens(), plan.maxTokens(), plan.stopToken()));
    }

    static Rollout rollout(int index, int attempt, Completion sample, SamplingPlan plan) {
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
                versions(sample, response.length()));
    }

    /** The sample's version ranges; a forced token belongs to the last. */
    private static List<VersionRange> versions(Completion sample, int length) {
        List<VersionRange> spans = new ArrayList<>(sample.versions());
        VersionRange last = spans.get(spans.size() - 1);
        spans.set(spans.size() - 1, new VersionRange(last.version(), last.start(), length));
        return spans;
    }
}
