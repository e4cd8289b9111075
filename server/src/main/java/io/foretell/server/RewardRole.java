package io.foretell.server;

import io.foretell.domain.RolloutGroup;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.judge.Judge;
import io.foretell.objectives.Objective;
import io.foretell.platform.ConfigurationException;
import io.foretell.platform.Routes;
import io.foretell.reward.AddedReward;
import io.foretell.reward.JudgeRouter;
import io.foretell.reward.RewardRoutes;
import io.foretell.reward.RewardWorker;
import io.foretell.reward.Rewards;
import io.foretell.streams.Codecs;
import io.foretell.streams.DeadLetters;
import io.foretell.streams.RecordSender;
import io.foretell.streams.WorkLoop;
import io.foretell.streams.WorkQueue;
import io.foretell.weightsync.ServedPolicy;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** rollouts → scored-groups. */
public final class RewardRole implements Role {
    private static final int GROUPS_AT_ONCE = 256;

    private final Wiring wiring;
    private HuggingFaceTokenizer tokenizer;
    private ServedPolicy policy;
    private @Nullable Judge judge;
    private Rewards rewards;
    private RecordSender sender;
    private WorkLoop<RolloutGroup> worker;

    public RewardRole(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public String name() {
        return "reward";
    }

    @Override
    public void start() {
        tokenizer = wiring.readModelFolder("reward", HuggingFaceTokenizer::open);
        List<Objective> objectives = wiring.objectives(tokenizer);
        requireJudge(objectives, wiring.config().reward());
        policy = wiring.serve("reward", wiring.scoringOptions());
        judge = wiring.judges().open("judge");
        rewards = new Rewards(wiring.config().reward().rewards(), judge);
        sender = new RecordSender(wiring.bootstrap());
        worker = new WorkLoop<>(
                        "reward worker",
                        WorkQueue.open(
                                wiring.bootstrap(),
                                wiring.topics().rollouts(),
                                wiring.topics().rewardWorkers(),
                                Codecs.rolloutGroup(objectives),
                                wiring.config().run().fullDeterminism() ? 1 : GROUPS_AT_ONCE,
                                new DeadLetters(wiring.bootstrap(), wiring.topics(), sender),
                                wiring.time()),
                        sender,
                        wiring.topics().scoredGroups(),
                        wiring.watchdog(),
                        new RewardWorker(
                                objectives,
                                wiring.topics().tasks(),
                                wiring.feed(),
                                policy,
                                new JudgeRouter(judge, wiring.config().reward().judgeOverrides(), rewards),
                                AddedReward.of(wiring.config().reward().additional(), rewards, tokenizer),
                                wiring.config().reward().patience(),
                                wiring.metrics(),
                                wiring.time()),
                        wiring.time())
                .start();
        wiring.health()
                .check(
                        "reward",
                        () -> worker.isAlive() ? Optional.empty() : Optional.of("the reward worker has stopped"));
    }

    /** Rejects a missing judge; without it every group would be dead-lettered. */
    static void requireJudge(List<Objective> objectives, RewardSettings settings) {
        for (Objective objective : objectives) {
            List<String> unanswered = objective.judgeRoles().stream()
                    .filter(role -> !settings.judgeOverrides().containsKey(role))
                    .toList();
            if (!unanswered.isEmpty() && !settings.judge().isConfigured()) {
                throw new ConfigurationException("phases: objective '" + objective.name() + "' asks a judge ("
                        + String.join(", ", unanswered)
                        + ") but none is configured: set reward.judge.base_url or reward.judge.policy");
            }
        }
    }

    @Override
    public List<Routes> routes() {
        return List.of(new RewardRoutes(policy, tokenizer, rewards));
    }

    @Override
    public void stop() {
        worker.close();
        sender.close();
        if (judge != null) {
            judge.close();
        }
        policy.close();
        tokenizer.close();
    }
}
