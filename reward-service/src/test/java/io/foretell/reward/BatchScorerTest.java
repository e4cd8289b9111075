package io.foretell.reward;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.Reward;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Rollout;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Verdict;
import io.foretell.huggingface.ModelConfig;
import io.foretell.huggingface.RandomWeights;
import io.foretell.huggingface.TokenizerFiles;
import io.foretell.losses.ClippedSurrogate;
import io.foretell.losses.PolicyGradientLoss;
import io.foretell.objectives.ObjectiveSettings;
import io.foretell.objectives.Rlp;
import io.foretell.objectives.Scorer;
import io.foretell.policy.OptimizerSettings;
import io.foretell.policy.Policy;
import io.foretell.policy.PolicyOptions;
import io.foretell.policy.ScoreRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchScorerTest {
    private static final TokenArray CONTEXT = TokenArray.of(1, 2, 3);
    private static final TokenArray NEXT = TokenArray.of(4, 5);

    @TempDir
    static Path folder;

    private static Policy policy;

    /** A policy whose live weights have moved away from its teacher's. */
    @BeforeAll
    static void open() throws IOException {
        Path tokenizer = folder.resolve("words.json");
        Files.write(tokenizer, TokenizerFiles.words(List.of("a", "b", "c", "d", "e", "f", "g")));
        ModelConfig config = new ModelConfig("qwen3", 16, 1, 2, 1, 8, 16, 12, 32, 1e-6, 10_000, true);
        Path model = folder.resolve("model");
        RandomWeights.write(model, config, tokenizer, 5, 0.3);
        policy = Policy.open(model, new PolicyOptions(1, 1024));
        policy.startTraining();
        Experience text = Experience.nextToken(TokenArray.of(1, 2, 3, 4, 5), 1f, Set.of());
        policy.accumulate(
                List.of(text),
                List.of(new float[5]),
                List.of(text.ceWeights().toArray()),
                PolicyGradientLoss.of(new ClippedSurrogate(0.2, 0.2)),
                false);
        policy.step(new OptimizerSettings(0.01, 0.9, 0.95, 1e-8, 0, 1, 0.9));
    }

    @AfterAll
    static void close() {
        policy.close();
    }

    private static FloatArray alone(PolicyRole weights, TokenArray context, TokenArray continuation) {
        return policy.score(weights, List.of(new ScoreRequest(context, continuation)))
                .get(0)
                .logProbs();
    }

    @Test
    void equalQuestionsAreAskedOnce() {
        BatchScorer scorer = new BatchScorer(JudgeRouter.of(null));
        CompletableFuture<FloatArray> first = scorer.logProbs(PolicyRole.TEACHER, CONTEXT, NEXT);

        CompletableFuture<FloatArray> again =
                scorer.logProbs(PolicyRole.TEACHER, TokenArray.of(1, 2, 3), TokenArray.of(4, 5));
        CompletableFuture<FloatArray> other = scorer.logProbs(PolicyRole.LIVE, CONTEXT, NEXT);

        assertThat(again).isSameAs(first);
        assertThat(other).isNotSameAs(first);
        assertThat(scorer.tokens()).isEqualTo(10);
        assertThat(scorer.answers(policy)).hasSize(2);
    }

    @Test
    void whoeverAskedGetsTheAnswerToTheirQuestionFromTheWeightsTheyNamed() {
        BatchScorer scorer = new BatchScorer(JudgeRouter.of(null));
        TokenArray longer = TokenArray.of(7, 6, 5, 4, 3, 2, 1);
        CompletableFuture<FloatArray> live = scorer.logProbs(PolicyRole.LIVE, CONTEXT, NEXT);
        CompletableFuture<FloatArray> teacher = scorer.logProbs(PolicyRole.TEACHER, CONTEXT, NEXT);
        CompletableFuture<FloatArray> longLive = scorer.logProbs(PolicyRole.LIVE, longer, TokenArray.of(1));
        CompletableFuture<FloatArray> longTeacher = scorer.logProbs(PolicyRole.TEACHER, longer, TokenArray.of(1, 2, 3));

        List<FloatArray> answers = scorer.answers(policy);
        assertThat(List.of(live, teacher, longLive, longTeacher)).noneMatch(CompletableFuture::isDone);
        scorer.complete(answers);

        assertClose(live.join(), alone(PolicyRole.LIVE, CONTEXT, NEXT));
        assertClose(teacher.join(), alone(PolicyRole.TEACHER, CONTEXT, NEXT));
        assertClose(longLive.join(), alone(PolicyRole.LIVE, longer, TokenArray.of(1)));
        assertClose(longTeacher.join(), alone(PolicyRole.TEACHER, longer, TokenArray.of(1, 2, 3)));
        assertThat(live.join().sum()).isGreaterThan(teacher.join().sum() + 1e-3);
    }

    /** RLP of fresh weights, whose teacher is a copy of them, with the tags of the thought left out of what is scored. */
    @Test
    void aPolicyThatIsItsOwnBaselineEarnsNothingByAnEmptyThought() {
        try (Policy fresh = Policy.open(folder.resolve("model"), new PolicyOptions(1, 1024))) {
            fresh.startTraining();
            int open = fresh.tokenizer().idOf("<think>").orElseThrow();
            int close = fresh.tokenizer().idOf("</think>").orElseThrow();
            BatchScorer batch = new BatchScorer(JudgeRouter.of(null));
            Scorer withoutTags = new Scorer() {
                @Override
                public CompletableFuture<FloatArray> logProbs(PolicyRole weights, TokenArray context, TokenArray next) {
                    int[] kept = IntStream.of(context.toArray())
                            .filter(token -> token != open && token != close)
                            .toArray();
                    return batch.logProbs(weights, TokenArray.of(kept), next);
                }

                @Override
                public CompletableFuture<Verdict> judge(String role, String material) {
                    throw new AssertionError("RLP needs no judge");
                }
            };
            Rlp rlp = new Rlp(new ObjectiveSettings(fresh.tokenizer(), 4, 1f, 16, 8, Map.of("horizon", 2)));
            List<CompletableFuture<List<Reward>>> rewards = new ArrayList<>();
            for (int length = 1; length <= 7; length++) {
                TokenArray prompt = TokenArray.of(7, 6, 5, 4, 3, 2, 1).last(length);
                rewards.add(rlp.reward(
                                new Example(prompt, NEXT),
                                prompt.append(open),
                                List.of(emptyThought(close)),
                                withoutTags)
                        .toCompletableFuture());
            }
            batch.complete(batch.answers(fresh));

            for (CompletableFuture<List<Reward>> one : rewards) {
                Reward reward = one.join().get(0);
                assertThat(reward.total()).isCloseTo(0, within(1e-5));
                assertThat(reward.components().get("score_baseline")).isLessThan(-1);
            }
        }
    }

    private static Rollout emptyThought(int close) {
        return new Rollout(0, 1, TokenArray.of(close), FloatArray.zeros(1), 0, 1f, 1, FinishReason.STOP, List.of());
    }

    private static void assertClose(FloatArray found, FloatArray expected) {
        assertThat(found.toArray()).containsExactly(expected.toArray(), within(1e-5f));
    }

    @Test
    void aBatchWithoutQuestionsAsksNothing() {
        BatchScorer scorer = new BatchScorer(JudgeRouter.of(null));

        assertThat(scorer.isEmpty()).isTrue();
        assertThat(scorer.answers(policy)).isEmpty();
        scorer.complete(List.of());
    }

    @Test
    void whereThereIsNoJudgeTheVerdictSaysWhatToSet() {
        assertThat(new BatchScorer(JudgeRouter.of(null))
                        .judge("quality", "text")
                        .join())
                .isEqualTo(new Verdict(
                        RewardStatus.FAILED,
                        0,
                        "no judge is configured: set reward.judge.base_url or reward.judge.policy"));
    }
}
