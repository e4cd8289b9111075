package io.foretell.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.LearnerProgress;
import io.foretell.domain.Origin;
import io.foretell.domain.PolicyAnnouncement;
import io.foretell.domain.PublishedWeights;
import io.foretell.domain.Reward;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Verdict;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.RandomWeights;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.judge.Judge;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.objectives.Objective;
import io.foretell.objectives.ObjectiveDescription;
import io.foretell.objectives.ObjectiveSettings;
import io.foretell.objectives.Objectives;
import io.foretell.objectives.Scorer;
import io.foretell.platform.Metrics;
import io.foretell.platform.Time;
import io.foretell.platform.Watchdog;
import io.foretell.policy.PolicyOptions;
import io.foretell.streams.Codec;
import io.foretell.streams.Codecs;
import io.foretell.streams.DeadLetter;
import io.foretell.streams.DeadLetters;
import io.foretell.streams.EmbeddedBroker;
import io.foretell.streams.PolicyFeed;
import io.foretell.streams.RecordSender;
import io.foretell.streams.Topics;
import io.foretell.streams.Work;
import io.foretell.streams.WorkLoop;
import io.foretell.streams.WorkQueue;
import io.foretell.weightsync.PolicyFetch;
import io.foretell.weightsync.ServedPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Groups go through a real broker to a worker whose judge fails. */
@Tag("integration")
@Timeout(400)
class RewardWorkerTest {
    private static final Duration ANSWER = Duration.ofMillis(40);
    private static final Time TIME = new Time() {
        @Override
        public Instant instant() {
            return Instant.EPOCH; // so that the tasks it spawns are equal
        }

        @Override
        public long nanos() {
            return Time.system().nanos();
        }

        @Override
        public void sleep(Duration pause) throws InterruptedException {
            Time.system().sleep(pause);
        }
    };

    @TempDir
    Path folder;

    /** A response is worth what the judge says of its safety. */
    private record Judged(HuggingFaceTokenizer tokenizer) implements Objective {
        @Override
        public ObjectiveDescription description() {
            return new ObjectiveDescription("judged", "", "", List.of());
        }

        @Override
        public List<Example> examples(Document document, TokenArray tokens, RandomGenerator random) {
            return List.of();
        }

        @Override
        public Optional<SamplingPlan> sampling(TokenArray prompt, TokenArray target) {
            return Optional.empty();
        }

        @Override
        public CompletionStage<RolloutGroup> withCandidates(RolloutGroup group, Scorer scorer) {
            return CompletableFuture.completedFuture(
                    group.id().equals("g-good")
                            ? group.with(
                                    List.of(Rollout.candidate(3, tokenizer.encode("good, its own"), Origin.DOCUMENT)))
                            : group);
        }

        @Override
        public CompletionStage<List<Reward>> reward(
                Example example, TokenArray context, List<Rollout> responses, Scorer scorer) {
            List<CompletableFuture<Verdict>> asked = responses.stream()
                    .map(rollout -> tokenizer.decode(rollout.response()))
                    .map(text -> scorer.judge("safety", Map.of("text", text)).toCompletableFuture())
                    .toList();
            return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                    .thenApply(all -> asked.stream()
                            .map(CompletableFuture::join)
                            .map(Judged::reward)
                            .toList());
        }

        private static Reward reward(Verdict verdict) {
            return verdict.status() == RewardStatus.OK
                    ? Reward.of(verdict.score(), Map.of("safety", verdict.score()))
                    : new Reward(0, Map.of(), verdict.status(), verdict.reason());
        }

        @Override
        public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
            return List.of();
        }
    }

    private static RolloutGroup group(HuggingFaceTokenizer tokenizer, String id, String... responses) {
        List<Rollout> rollouts = new ArrayList<>();
        for (String response : responses) {
            TokenArray tokens = tokenizer.encode(response);
            rollouts.add(new Rollout(
                    rollouts.size(),
                    1,
                    tokens,
                    FloatArray.of(new float[tokens.length()]),
                    0,
                    1f,
                    1L,
                    FinishReason.STOP,
                    List.of()));
        }
        Task task = new Task(
                id, "run", 0, "judged", "d", tokenizer.encode("p"), tokenizer.encode("t"), 1L, -1, Instant.EPOCH);
        return new RolloutGroup(task, TokenArray.of(1), -1, rollouts, "tok", "pol", 0.1, Instant.EPOCH);
    }

    @Test
    void aGroupWithTooFewVerdictsIsTriedAgainAndThenADeadLetter() throws Exception {
        AtomicInteger late = new AtomicInteger();
        ScriptedJudge model = new ScriptedJudge(question -> {
            LockSupport.parkNanos(ANSWER.toNanos());
            boolean known = question.contains("good") || question.contains("late") && late.incrementAndGet() > 2;
            return known ? "Safe: yes" : "who knows";
        });
        Path modelFolder = folder.resolve("model");
        Path tokenizerFile = folder.resolve("bytes.json");
        Files.write(tokenizerFile, TokenizerFiles.bytes());
        RandomWeights.write(modelFolder, ModelConfig.ofSize("qwen3", "micro", 259), tokenizerFile, 5);
        PublishedWeights weights = new PublishedWeights("run", 0, modelFolder.toString(), Map.of());
        Topics topics = new Topics("run");
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"));
                Metrics metrics = new Metrics();
                HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(modelFolder);
                ServedPolicy policy = new ServedPolicy(
                        "test-policy",
                        new PolicyOptions(1, 1024),
                        Duration.ofMinutes(1),
                        PolicyFetch.folder(),
                        Time.system());
                Judge judge = Judge.open(ScriptedJudge.SETTINGS, model, folder.resolve("judge"), metrics);
                RecordSender sender = new RecordSender(broker.bootstrap());
                Watchdog watchdog = new Watchdog(Duration.ofMinutes(1), TIME, report -> {})) {
            topics.ensure(broker.bootstrap(), 1, Time.system());
            policy.swap(weights);
            for (RolloutGroup group : List.of(
                    group(tokenizer, "g-good", "good 1", "good 2", "bad 1"),
                    group(tokenizer, "g-late", "late 1"),
                    group(tokenizer, "g-bad", "good 3", "bad 2", "bad 3"))) {
                sender.send(topics.rollouts(), group.id(), Codecs.rolloutGroup().encode(group))
                        .get(30, TimeUnit.SECONDS);
            }
            DeadLetters letters = new DeadLetters(broker.bootstrap(), topics, sender);
            try (PolicyFeed feed = new PolicyFeed(broker.bootstrap(), topics, Time.system())) {
                feed.publish(new PolicyAnnouncement(weights, LearnerProgress.NONE));
                Rewards rewards =
                        new Rewards(Map.of("short", List.of(Parts.part("{kind: length, max: 1, weight: -1}"))), judge);
                RewardWorker worker = new RewardWorker(
                        List.of(new Judged(tokenizer)),
                        topics.tasks(),
                        feed,
                        policy,
                        JudgeRouter.of(judge),
                        AddedReward.of("short", rewards, tokenizer),
                        new MissingRewardPolicy(3, 0.5),
                        metrics,
                        TIME);
                WorkQueue<RolloutGroup> queue = WorkQueue.open(
                        broker.bootstrap(),
                        topics.rollouts(),
                        topics.rewardWorkers(),
                        Codecs.rolloutGroup(),
                        16,
                        letters,
                        Time.system());
                try (WorkLoop<RolloutGroup> loop = new WorkLoop<>(
                                "reward worker", queue, sender, topics.scoredGroups(), watchdog, worker, Time.system())
                        .start()) {
                    await().atMost(Duration.ofSeconds(180))
                            .until(() -> outcomes(metrics, "scored") == 2 && outcomes(metrics, "dead_letter") == 1);
                }
            }
            assertThat(outcomes(metrics, "retried"))
                    .as("the late group once, the bad one twice; being delivered again is an attempt, too")
                    .isBetween(1.0, 3.0);
            List<DeadLetter> dead = letters.read(10, Time.system());
            assertThat(dead).extracting(DeadLetter::key).containsExactly("g-bad");
            assertThat(dead.get(0).reason())
                    .contains("only 1 of 3 rewards could be had")
                    .contains("asked twice")
                    .containsPattern("attempt [34], the last");
            assertThat(read(broker.bootstrap(), topics.scoredGroups(), Codecs.scoredGroup(), letters, 2))
                    .satisfiesExactlyInAnyOrder(
                            good -> {
                                assertThat(good.id()).isEqualTo("g-good");
                                assertThat(good.scoringSeconds())
                                        .as("the judge's time, shared with the two other groups at most")
                                        .isGreaterThan(ANSWER.toNanos() / 1e9 / 4);
                                assertThat(good.rewards().get(0))
                                        .isEqualTo(Reward.of(0.5, Map.of("safety", 1.0, "short/length", 0.5)));
                                assertThat(good.rewards())
                                        .extracting(Reward::isOk)
                                        .containsExactly(true, true, false, true);
                                assertThat(good.group().rollouts().get(3))
                                        .as("a candidate that nobody sampled")
                                        .isEqualTo(Rollout.candidate(
                                                3,
                                                good.group().rollouts().get(3).response(),
                                                Origin.DOCUMENT));
                                assertThat(good.rewards().get(3).components())
                                        .as("its whole text is scored")
                                        .containsEntry("short/length", 1 / 3.0);
                            },
                            again -> assertThat(again.id()).isEqualTo("g-late"));
        }
    }

    /** A proposal is delivered, as after a crash before its acknowledgement, twice. */
    @Test
    void whatAGroupSpawnsIsWrittenWithTheSameIdsHoweverOftenItComes() throws Exception {
        Path modelFolder = folder.resolve("model");
        Path tokenizerFile = folder.resolve("bytes.json");
        Files.write(tokenizerFile, TokenizerFiles.bytes());
        RandomWeights.write(modelFolder, ModelConfig.ofSize("qwen3", "micro", 259), tokenizerFile, 5);
        PublishedWeights weights = new PublishedWeights("run", 0, modelFolder.toString(), Map.of());
        Topics topics = new Topics("run");
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("kafka"));
                Metrics metrics = new Metrics();
                HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(modelFolder);
                ServedPolicy policy = new ServedPolicy(
                        "test-policy",
                        new PolicyOptions(1, 1024),
                        Duration.ofMinutes(1),
                        PolicyFetch.folder(),
                        Time.system());
                RecordSender sender = new RecordSender(broker.bootstrap());
                Watchdog watchdog = new Watchdog(Duration.ofMinutes(1), TIME, report -> {})) {
            topics.ensure(broker.bootstrap(), 1, Time.system());
            policy.swap(weights);
            Objective objective = Objectives.builtIn()
                    .create(
                            "pretrainzero",
                            new ObjectiveSettings(tokenizer, 4, 1f, 200, 64, Map.of("masks_per_paragraph", 3)));
            RolloutGroup thought =
                    group(tokenizer, "p", "so</think>\\mask{Bo}", "so</think>\\mask{Cy}", "so</think>\\mask{at ten}");
            TokenArray paragraph = tokenizer.encode("Ada met Bo at ten.");
            Task task = new Task("p", "run", 0, "pretrainzero", "d", TokenArray.EMPTY, paragraph, 1L, 3, Instant.EPOCH);
            RolloutGroup proposal =
                    new RolloutGroup(task, TokenArray.of(1), -1, thought.rollouts(), "tok", "pol", 0.1, Instant.EPOCH);
            for (int delivery = 0; delivery < 2; delivery++) {
                sender.send(topics.rollouts(), "p", Codecs.rolloutGroup().encode(proposal))
                        .get(30, TimeUnit.SECONDS);
            }
            DeadLetters letters = new DeadLetters(broker.bootstrap(), topics, sender);
            List<ScoredGroup> scored;
            try (PolicyFeed feed = new PolicyFeed(broker.bootstrap(), topics, Time.system())) {
                feed.publish(new PolicyAnnouncement(weights, LearnerProgress.NONE));
                RewardWorker worker = new RewardWorker(
                        List.of(objective),
                        topics.tasks(),
                        feed,
                        policy,
                        null,
                        null,
                        new MissingRewardPolicy(3, 0.5),
                        metrics,
                        TIME);
                WorkQueue<RolloutGroup> queue = WorkQueue.open(
                        broker.bootstrap(),
                        topics.rollouts(),
                        topics.rewardWorkers(),
                        Codecs.rolloutGroup(),
                        16,
                        letters,
                        Time.system());
                try (WorkLoop<RolloutGroup> loop = new WorkLoop<>(
                                "reward worker", queue, sender, topics.scoredGroups(), watchdog, worker, Time.system())
                        .start()) {
                    scored = read(broker.bootstrap(), topics.scoredGroups(), Codecs.scoredGroup(), letters, 2);
                }
            }
            List<Task> spawned = read(broker.bootstrap(), topics.tasks(), Codecs.task(), letters, 4);

            assertThat(spawned.subList(0, 2)).isEqualTo(spawned.subList(2, 4));
            assertThat(spawned.get(0).prompt()).isEqualTo(tokenizer.encode("Ada met [mask] at ten."));
            assertThat(spawned.get(1).target()).isEqualTo(tokenizer.encode("at ten"));
            assertThat(spawned).allMatch(child -> child.minPolicyVersion() == 3 && child.phase() == 0);
            assertThat(scored).hasSize(2).allSatisfy(group -> {
                assertThat(group.id()).isEqualTo("p");
                assertThat(group.children())
                        .containsExactly(spawned.get(0).id(), spawned.get(1).id());
                assertThat(group.rewards())
                        .extracting(reward -> reward.components().get("mask_valid"))
                        .containsExactly(1.0, 0.0, 1.0);
            });
            assertThat(metrics.registry().counter("reward_spawned_tasks").count())
                    .isEqualTo(4);
        }
    }

    private static <T> List<T> read(String bootstrap, String topic, Codec<T> codec, DeadLetters letters, int count) {
        List<T> found = new ArrayList<>();
        try (WorkQueue<T> queue =
                WorkQueue.open(bootstrap, topic, "readers-of-" + topic, codec, 16, letters, Time.system())) {
            await().atMost(Duration.ofSeconds(120)).until(() -> {
                for (Work<T> work : queue.poll(Duration.ofMillis(200))) {
                    found.add(work.value());
                    queue.accept(work);
                }
                return found.size() >= count;
            });
        }
        return found;
    }

    private static double outcomes(Metrics metrics, String outcome) {
        return metrics.registry().counter("reward_groups", "outcome", outcome).count();
    }
}
