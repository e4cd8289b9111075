package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.VersionRange;
import io.foretell.learner.metrics.StepMetrics;
import io.foretell.losses.KlEstimator;
import io.foretell.objectives.Objective;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.Policy;
import io.foretell.policy.SamplingParameters;
import io.foretell.policy.Score;
import io.foretell.policy.ScoreRequest;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The divergence in the reward, with a policy of one layer and a teacher that is behind. */
class RewardKlTest {
    private static final long SEED = 12;
    private static final double COEFFICIENT = 0.7;

    @TempDir
    static Path folder;

    private static Policy policy;
    private static Objective rlp;

    @BeforeAll
    static void open() {
        policy = Runs.policy(folder, SEED);
        rlp = Runs.objective("rlp", policy.tokenizer(), Map.of());
    }

    @AfterAll
    static void close() {
        policy.close();
    }

    @BeforeEach
    void begin() {
        policy.load(folder.resolve("model-" + SEED));
        policy.startTraining();
    }

    /** One step away from the teacher. */
    private static void learn(Policy policy) {
        new TrainingStep(policy, Runs.settings()).run(rlp, List.of(group(1, "x1=3 so x3 is")), 0.05, 1);
    }

    /** Four thoughts of the policy itself; the last has no reward. */
    private static ScoredGroup group(long seed, String prompt) {
        TokenArray tokens = policy.tokenizer().encode(prompt);
        Task task = new Task("g" + seed, "test", 0, "rlp", "d", tokens, TokenArray.of(5), 0, -1, Instant.EPOCH);
        int close = policy.tokenizer().idOf("</think>").orElseThrow();
        List<Long> seeds = List.of(seed, seed + 1, seed + 2, seed + 3);
        TokenArray context =
                rlp.sampling(tokens, TokenArray.of(5)).orElseThrow().context();
        List<Completion> samples = policy.generate(
                        List.of(new GenerationRequest(context, seeds, SamplingParameters.plain(1f, 1, 6, close))))
                .get(0);
        List<Rollout> rollouts = new ArrayList<>();
        List<Reward> rewards = new ArrayList<>();
        for (Completion sample : samples) {
            rollouts.add(rollout(rollouts.size(), sample));
            rewards.add(rewards.size() == 3 ? Reward.failed("none") : Reward.of(rewards.size() - 1, Map.of("a", 2.0)));
        }
        return new ScoredGroup(
                new RolloutGroup(task, context, close, rollouts, "", "", 0, Instant.EPOCH),
                rewards,
                0,
                0,
                Instant.EPOCH);
    }

    private static Rollout rollout(int index, Completion sample) {
        return new Rollout(
                index,
                1,
                sample.tokens(),
                sample.logProbs(),
                0,
                1f,
                sample.seed(),
                FinishReason.STOP,
                List.of(new VersionRange(0, 0, sample.tokens().length())));
    }

    private static RewardKl rewardKl(String estimator, boolean bypass, int maxTokens) {
        LearnerSettings settings = Runs.settings(
                "use_kl_in_reward=true",
                "kl_penalty=" + estimator,
                "kl_ctrl.kl_coef=" + COEFFICIENT,
                "rollout_correction.bypass_mode=" + bypass,
                "max_tokens_per_micro_batch=" + maxTokens);
        return new RewardKl(policy, settings, new KlControl(settings.kl().klCtrl()));
    }

    /** Log-probabilities of a response, token by token; its first token cannot close the thought. */
    private static double[] logProbs(PolicyRole weights, TokenArray context, TokenArray response) {
        int close = policy.tokenizer().idOf("</think>").orElseThrow();
        List<Score> scores = policy.score(
                weights, List.of(new ScoreRequest(context, response), new ScoreRequest(context, TokenArray.of(close))));
        FloatArray plain = scores.get(0).logProbs();
        double[] found = new double[plain.length()];
        for (int t = 0; t < found.length; t++) {
            found[t] = plain.at(t);
        }
        found[0] -= Math.log1p(-Math.exp(scores.get(1).logProbs().at(0)));
        return found;
    }

    @ParameterizedTest
    @CsvSource({"k1, K1", "kl, K1", "mse, K2", "low_var_kl, K3", "abs, ABS"})
    void everyTokenCostsItsDivergenceFromTheTeacher(String name, KlEstimator estimator) {
        learn(policy);
        List<ScoredGroup> groups = List.of(group(10, "x1=3 so x3 is"), group(20, "x0=2 x1=5 so x2 is"));

        RewardKl.Found found = rewardKl(name, true, 4096).apply(groups);
        RewardKl.Found split = rewardKl(name, true, 1).apply(groups);

        double means = 0;
        for (int g = 0; g < groups.size(); g++) {
            ScoredGroup group = groups.get(g);
            TokenArray context = group.group().context();
            for (int i = 0; i < 4; i++) {
                Rollout rollout = group.group().rollouts().get(i);
                double[] reference = logProbs(PolicyRole.TEACHER, context, rollout.response());
                double sum = 0;
                for (int t = 0; t < reference.length; t++) {
                    sum += estimator.value(rollout.logProbs().at(t) - reference[t]);
                }
                means += sum / reference.length / 8;
                Reward before = group.rewards().get(i);
                Reward after = found.groups().get(g).rewards().get(i);
                if (i == 3) {
                    assertThat(after).isEqualTo(before);
                } else {
                    assertThat(after.total()).isCloseTo(before.total() - COEFFICIENT * sum, within(2e-5));
                    assertThat(after.components()).isEqualTo(before.components());
                }
                assertThat(split.groups().get(g).rewards().get(i).total()).isCloseTo(after.total(), within(2e-5));
            }
        }
        assertThat(Math.abs(means)).isGreaterThan(1e-3);
        assertThat(found.kl()).isCloseTo(means, within(1e-5));
        assertThat(found.coefficient()).isEqualTo(COEFFICIENT);
    }

    @Test
    void decoupledTheOldPolicyIsThatAtTheStartOfTheUpdate() {
        ScoredGroup group = group(10, "x1=3 so x3 is");
        learn(policy);
        TokenArray context = group.group().context();
        TokenArray response = group.group().rollouts().get(0).response();
        double[] live = logProbs(PolicyRole.LIVE, context, response);
        double[] reference = logProbs(PolicyRole.TEACHER, context, response);
        double sum = 0;
        for (int t = 0; t < live.length; t++) {
            sum += live[t] - reference[t];
        }

        double old = rewardKl("k1", false, 4096)
                .apply(List.of(group))
                .groups()
                .get(0)
                .rewards()
                .get(0)
                .total();
        double sampler = rewardKl("k1", true, 4096)
                .apply(List.of(group))
                .groups()
                .get(0)
                .rewards()
                .get(0)
                .total();

        assertThat(old).isCloseTo(-1 - COEFFICIENT * sum, within(2e-5));
        assertThat(sampler).as("the teacher is what sampled").isCloseTo(-1, within(2e-5));
    }

    @Test
    void atTheTeacherNothingIsTaken() {
        ScoredGroup group = group(10, "x1=3 so x3 is");

        RewardKl.Found found = rewardKl("k3", true, 4096).apply(List.of(group));

        assertThat(found.kl()).isCloseTo(0, within(1e-9));
        for (int i = 0; i < 3; i++) {
            assertThat(found.groups().get(0).rewards().get(i).total()).isCloseTo(i - 1, within(1e-8));
        }
    }

    @Test
    void whatWasNotSampledStaysAsItIs() {
        Task task = new Task("t", "test", 0, "ntp", "d", TokenArray.EMPTY, TokenArray.of(5, 6), 0, -1, Instant.EPOCH);
        ScoredGroup text = new ScoredGroup(
                new RolloutGroup(task, TokenArray.EMPTY, -1, List.of(), "", "", 0, Instant.EPOCH),
                List.of(),
                0,
                0,
                Instant.EPOCH);

        RewardKl.Found found = rewardKl("k1", true, 4096).apply(List.of(text));

        assertThat(found.groups()).containsExactly(text);
        assertThat(found.kl()).isNaN();
    }

    @Test
    void theCoefficientIsSteeredByWhatWasFound() {
        learn(policy);
        List<ScoredGroup> groups = List.of(group(10, "x1=3 so x3 is"), group(20, "x0=2 x1=5 so x2 is"));
        LearnerSettings adaptive = Runs.settings(
                "use_kl_in_reward=true",
                "kl_penalty=k2",
                "kl_ctrl={type: adaptive, kl_coef: " + COEFFICIENT + ", horizon: 80, target_kl: 1e-6}");
        KlControl control = new KlControl(adaptive.kl().klCtrl());
        RewardKl rewardKl = new RewardKl(policy, adaptive, control);

        double first = rewardKl.apply(groups).coefficient();
        RewardKl.Found second = rewardKl.apply(groups);

        assertThat(first).isEqualTo(COEFFICIENT);
        assertThat(second.coefficient()).isCloseTo(COEFFICIENT * (1 + 0.2 * 8 / 80), within(1e-12));
        assertThat(control.coefficient()).isCloseTo(COEFFICIENT * Math.pow(1 + 0.2 * 8 / 80, 2), within(1e-12));
        StepMetrics row = new StepMetrics();
        second.put(row);
        assertThat(row.values())
                .containsEntry("actor/reward_kl_penalty", second.kl())
                .containsEntry("actor/reward_kl_penalty_coeff", second.coefficient());
    }

    @Test
    void unwantedItCostsNothingAndSaysNothing() {
        learn(policy);
        List<ScoredGroup> groups = List.of(group(10, "x1=3 so x3 is"));
        LearnerSettings settings = Runs.settings();

        RewardKl.Found found =
                new RewardKl(policy, settings, new KlControl(settings.kl().klCtrl())).apply(groups);

        assertThat(found.groups()).isSameAs(groups);
        StepMetrics row = new StepMetrics();
        found.put(row);
        assertThat(row.values()).isEmpty();
    }
}
