package io.foretell.launcher;

import io.foretell.judge.Judge;
import io.foretell.objectives.RolloutGroup;
import io.foretell.platform.Routes;
import io.foretell.policy.HuggingFaceTokenizer;
import io.foretell.policy.ServedPolicy;
import io.foretell.reward.AddedReward;
import io.foretell.reward.RewardRoutes;
import io.foretell.reward.RewardWorker;
import io.foretell.reward.Rewards;
import io.foretell.reward.Roles;
import io.foretell.streams.Codecs;
import io.foretell.streams.DeadLetters;
import io.foretell.streams.RecordSender;
import io.foretell.streams.WorkLoop;
import io.foretell.streams.WorkQueue;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** rollouts → scored-groups. */
final class RewardRole implements Role {
    private static final Duration SWAP = Duration.ofMinutes(5);
    private static final int GROUPS_AT_ONCE = 256;

    private final Wiring wiring;
    private HuggingFaceTokenizer tokenizer;
    private ServedPolicy policy;
    private @Nullable Judge judge;
    private Rewards rewards;
    private RecordSender sender;
    private WorkLoop<RolloutGroup> worker;

    RewardRole(Wiring wiring) {
        this.wiring = wiring;
    }

    @Override
    public String name() {
        return "reward";
    }

    @Override
    public void start() {
        tokenizer = wiring.tokenizer();
        policy = new ServedPolicy("reward-policy", wiring.scoringOptions(), SWAP);
        policy.swap(wiring.firstPolicy());
        judge = wiring.judge("judge");
        rewards = new Rewards(wiring.config().reward().rewards(), judge);
        sender = new RecordSender(wiring.bootstrap());
        worker = new WorkLoop<>(
                        "reward worker",
                        WorkQueue.open(
                                wiring.bootstrap(),
                                wiring.topics().rollouts(),
                                wiring.topics().rewardWorkers(),
                                Codecs.rolloutGroup(),
                                GROUPS_AT_ONCE,
                                new DeadLetters(wiring.bootstrap(), wiring.topics(), sender)),
                        sender,
                        wiring.topics().scoredGroups(),
                        wiring.watchdog(),
                        new RewardWorker(
                                wiring.objectives(tokenizer),
                                wiring.feed(),
                                policy,
                                new Roles(judge, wiring.config().reward().roles(), rewards),
                                AddedReward.of(wiring.config().reward().add(), rewards, tokenizer),
                                wiring.config().reward().patience(),
                                wiring.metrics(),
                                wiring.clock()))
                .start();
        wiring.health()
                .check(
                        "reward",
                        () -> worker.isAlive() ? Optional.empty() : Optional.of("the reward worker has stopped"));
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
