package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.buffer.AdmissionPolicy;
import io.foretell.buffer.Groups;
import io.foretell.domain.Document;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Origin;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.VersionRange;
import io.foretell.learner.evaluation.Evaluation;
import io.foretell.learner.evaluation.EvaluationSettings;
import io.foretell.learner.evaluation.HeldOutDocuments;
import io.foretell.objectives.Objective;
import io.foretell.policy.Completion;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.Policy;
import io.foretell.policy.SamplingParameters;
import io.foretell.policy.ScoreRequest;
import io.foretell.sources.ChainCorpus;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** TrainingStep and Evaluation with a policy of one layer. */
class TrainingStepTest {
    private static final long SEED = 11;

    @TempDir
    static Path folder;

    private static Policy policy;
    private static Policy twin;

    @BeforeAll
    static void open() {
        policy = Runs.policy(folder, SEED);
        twin = Runs.policy(folder, SEED);
    }

    @AfterAll
    static void close() {
        policy.close();
        twin.close();
    }

    @BeforeEach
    void begin() {
        for (Policy each : List.of(policy, twin)) {
            restart(each);
        }
    }

    /** The same weights as at first, and an optimizer that has seen nothing. */
    private static void restart(Policy policy) {
        policy.load(folder.resolve("model-" + SEED));
        policy.startTraining();
    }

    @Test
    void aStaleGroupThatIsKeptWeighsLessWithEveryStepBeyondTheLimit() {
        TrainingPlan run = Runs.run(
                policy.tokenizer(),
                "phases=[{objective: rlp, steps: 10}]",
                "learner={stale: down_weight, stale_decay: 0.5}");
        assertThat(run.dropBeyond()).isNegative();
        List<ScoredGroup> batch = batch(policy, new Random(SEED), false, false);
        long limit = AdmissionPolicy.oldestVersion(List.of(batch.get(0)))
                + run.settings().offPolicy().maxOffPolicySteps();

        double fresh = new TrainingStep(policy, run.settings())
                .run(run, batch, limit + 1, 1e-3)
                .gradNorm();
        restart(policy);
        double twoBeyond = new TrainingStep(policy, run.settings())
                .run(run, batch, limit + 3, 1e-3)
                .gradNorm();

        assertThat(fresh).isPositive();
        assertThat(twoBeyond).isCloseTo(fresh / 4, within(fresh * 1e-4));
    }

    private static Objective rlp(Policy policy) {
        return Runs.objective("rlp", policy.tokenizer(), Map.of("rehearse", List.of("plain")));
    }

    private static Task task(String id, TokenArray prompt, TokenArray target) {
        return new Task(id, "test", 0, "rlp", "d", prompt, target, 0, -1, Instant.EPOCH);
    }

    /** Thoughts sampled by the policy itself, of different lengths, and a rehearsed text. */
    private static List<ScoredGroup> batch(Policy policy, Random random, boolean equalRewards, boolean rehearsal) {
        int open = policy.tokenizer().idOf("<think>").orElseThrow();
        int close = policy.tokenizer().idOf("</think>").orElseThrow();
        List<ScoredGroup> batch = new ArrayList<>();
        for (int g = 0; g < 3; g++) {
            TokenArray prompt = policy.tokenizer().encode(g == 0 ? "x1=3 so x3 is" : "x0=2 x1=5 x2=4 so x4 is");
            List<Long> seeds = random.longs(4).boxed().toList();
            List<Completion> samples = policy.generate(List.of(new GenerationRequest(
                            prompt.append(open), seeds, SamplingParameters.plain(1f, 1, 6, close))))
                    .get(0);
            List<Rollout> rollouts = new ArrayList<>();
            List<Reward> rewards = new ArrayList<>();
            for (Completion sample : samples) {
                rollouts.add(rollout(rollouts.size(), sample, close));
                rewards.add(Reward.of(equalRewards ? 0.1 : random.nextGaussian(), Map.of()));
            }
            Task task = task("g" + g, prompt, policy.tokenizer().encode("7"));
            RolloutGroup group = new RolloutGroup(task, prompt.append(open), close, rollouts, "", "", 0, Instant.EPOCH);
            batch.add(new ScoredGroup(group, rewards, 0, 0, Instant.EPOCH));
        }
        if (rehearsal) {
            TokenArray text = policy.tokenizer().encodeDocument("x3=7 x4=9 x5=2");
            batch.add(scored(task("text", TokenArray.EMPTY, text), TokenArray.EMPTY, -1, List.of(), List.of()));
        }
        return batch;
    }

    private static Rollout rollout(int index, Completion sample, int close) {
        boolean cut = sample.finishReason() == FinishReason.LENGTH;
        TokenArray response = cut ? sample.tokens().append(close) : sample.tokens();
        float[] logProbs = new float[response.length()];
        sample.logProbs().copyTo(logProbs, 0);
        return new Rollout(
                index,
                1,
                response,
                FloatArray.of(logProbs),
                cut ? 1 : 0,
                1f,
                sample.seed(),
                sample.finishReason(),
                List.of(new VersionRange(0, 0, response.length())));
    }

    private static ScoredGroup scored(
            Task task, TokenArray context, int forbiddenFirst, List<Rollout> rollouts, List<Reward> rewards) {
        return new ScoredGroup(
                new RolloutGroup(task, context, forbiddenFirst, rollouts, "", "", 0, Instant.EPOCH),
                rewards,
                0,
                0,
                Instant.EPOCH);
    }

    private static void assertClose(List<float[]> found, List<float[]> expected, float tolerance) {
        for (int i = 0; i < expected.size(); i++) {
            assertThat(found.get(i))
                    .as("parameter %d, seed %d", i, SEED)
                    .containsExactly(expected.get(i), within(tolerance));
        }
    }

    @Test
    void microBatchesGiveTheSameUpdateAsOneBatch() {
        List<float[]> before = policy.weights(PolicyRole.LIVE);
        List<ScoredGroup> batch = batch(policy, new Random(SEED), false, true);

        TrainingStep.Outcome one = new TrainingStep(policy, Runs.settings("max_tokens_per_micro_batch=1000000"))
                .run(rlp(policy), batch, 1e-3, 0.9);
        TrainingStep.Outcome many =
                new TrainingStep(twin, Runs.settings("max_tokens_per_micro_batch=1")).run(rlp(twin), batch, 1e-3, 0.9);

        assertThat(many.gradNorm()).isCloseTo(one.gradNorm(), within(1e-5));
        assertThat(many.loss()).isCloseTo(one.loss(), within(1e-5));
        assertThat(many.pgLoss()).isCloseTo(one.pgLoss(), within(1e-5));
        assertThat(many.ceLoss()).isCloseTo(one.ceLoss(), within(1e-5));
        assertThat(many.tokens()).isEqualTo(one.tokens());
        assertThat(many.sequences()).hasSize(12);
        assertClose(twin.weights(PolicyRole.LIVE), policy.weights(PolicyRole.LIVE), 1e-5f);
        assertClose(twin.weights(PolicyRole.TEACHER), policy.weights(PolicyRole.TEACHER), 1e-5f);
        assertThat(one.gradNorm()).isGreaterThan(1e-3);
        assertThat(policy.weights(PolicyRole.LIVE).get(0)).isNotEqualTo(before.get(0));
    }

    @Test
    void samplerAndLearnerAgreeOnTheProbabilitiesOfTheFirstUpdate() {
        TrainingStep.Outcome outcome = new TrainingStep(policy, Runs.settings())
                .run(rlp(policy), batch(policy, new Random(SEED), false, false), 1e-3, 0.9);

        assertThat(outcome.sequences())
                .allSatisfy(
                        sequence -> assertThat(sequence.absoluteDifferenceMax()).isLessThan(1e-4));
        assertThat(outcome.pgLoss()).as("advantages of a group sum to 0").isCloseTo(0, within(1e-4));
    }

    @Test
    void aBatchWithoutAdvantagesHasExactlyNoGradient() {
        for (String estimator : List.of("rloo", "grpo", "dr_grpo", "opo", "grpo_passk", "max_rl")) {
            restart(policy);
            TrainingStep.Outcome outcome = new TrainingStep(policy, Runs.settings("adv_estimator=" + estimator))
                    .run(rlp(policy), batch(policy, new Random(SEED), true, false), 1e-3, 0.9);

            assertThat(outcome.gradNorm()).as(estimator).isZero();
            assertThat(outcome.loss()).as(estimator).isZero();
        }
    }

    private static final String MICRO = "max_tokens_per_micro_batch=";
    private static final String BYPASS = "rollout_correction.bypass_mode=true";
    private static final String CORRECTED =
            "rollout_correction={bypass_mode: false, rollout_is: token, rollout_rs: sequence}";

    private static double normOf(String mode, String correction, boolean equalRewards) {
        restart(policy);
        return new TrainingStep(policy, Runs.settings("loss_mode=" + mode, correction))
                .run(rlp(policy), batch(policy, new Random(SEED), equalRewards, false), 1e-3, 0.9)
                .gradNorm();
    }

    @ParameterizedTest
    @ValueSource(strings = {"vanilla", "gspo", "cispo", "sapo", "gpg"})
    void onFreshSamplesAllLossesHaveTheSameGradient(String mode) {
        double expected = normOf("vanilla", BYPASS, false);

        assertThat(normOf(mode, BYPASS, false)).isCloseTo(expected, within(1e-4 * expected));
        assertThat(normOf(mode, CORRECTED, false)).isCloseTo(expected, within(1e-4 * expected));
        assertThat(normOf(mode, CORRECTED, true)).as("equal rewards").isZero();
    }

    @Test
    void everyTermIsTheSameUnderAnySplitIntoMicroBatches() {
        String[] terms = {
            "adv_estimator=grpo", "ppo_epochs=2", "entropy_coeff=0.1", "use_kl_loss=true", CORRECTED, MICRO + "1000000"
        };
        LearnerSettings one = Runs.settings(terms);
        terms[terms.length - 1] = MICRO + "1";
        LearnerSettings many = Runs.settings(terms);
        List<ScoredGroup> batch = batch(policy, new Random(SEED), false, true);

        TrainingStep.Outcome whole = new TrainingStep(policy, one).run(rlp(policy), batch, 1e-2, 0.9);
        TrainingStep.Outcome split = new TrainingStep(twin, many).run(rlp(twin), batch, 1e-2, 0.9);

        assertThat(whole.klLoss())
                .as("the teacher is behind in the second pass")
                .isPositive();
        assertThat(split.klLoss()).isCloseTo(whole.klLoss(), within(1e-5));
        assertThat(split.entropyLoss()).isCloseTo(whole.entropyLoss(), within(1e-5));
        assertThat(split.loss()).isCloseTo(whole.loss(), within(1e-5));
        assertThat(split.gradNorm()).isCloseTo(whole.gradNorm(), within(1e-4 * whole.gradNorm()));
        assertThat(whole.loss())
                .isCloseTo(
                        whole.pgLoss() + 0.1 * whole.klLoss() - 0.1 * whole.entropyLoss() + whole.ceLoss(),
                        within(1e-9));
    }

    @Test
    void laterPassesAreAgainstTheWeightsAtTheStartOfTheUpdate() {
        List<ScoredGroup> batch = batch(policy, new Random(SEED), false, false);
        LearnerSettings settings = Runs.settings("ppo_epochs=2", MICRO + "64", CORRECTED);

        TrainingStep.Outcome outcome = new TrainingStep(policy, settings).run(rlp(policy), batch, 1e-2, 0.9);

        assertThat(outcome.firstPass()).allSatisfy(sequence -> {
            assertThat(sequence.klMean()).isZero();
            assertThat(sequence.absoluteDifferenceMax()).isLessThan(1e-4);
        });
        assertThat(outcome.sequences())
                .anySatisfy(
                        sequence -> assertThat(sequence.absoluteDifferenceMax()).isGreaterThan(1e-2))
                .allSatisfy(
                        sequence -> assertThat(sequence.correction().largest()).isCloseTo(1, within(1e-4)));
    }

    private static LearnerSettings inMiniBatches(String correction, int groups) {
        return Runs.settings(MICRO + "64", correction, "ppo_mini_batch_size=" + groups);
    }

    @Test
    void miniBatchesAreUpdatesOfTheirOwn() {
        List<ScoredGroup> batch = batch(policy, new Random(SEED), false, true);
        TrainingStep.Outcome split =
                new TrainingStep(policy, inMiniBatches(BYPASS, 2)).run(rlp(policy), batch, 1e-2, 0.9);
        TrainingStep step = new TrainingStep(twin, Runs.settings("max_tokens_per_micro_batch=64"));
        TrainingStep.Outcome first = step.run(rlp(twin), batch.subList(0, 2), 1e-2, 0.9);
        TrainingStep.Outcome second = step.run(rlp(twin), batch.subList(2, 4), 1e-2, 0.9);

        assertThat(split.updates()).isEqualTo(2);
        assertThat(split.loss()).isCloseTo((first.loss() + second.loss()) / 2, within(1e-9));
        assertThat(split.gradNorm()).isCloseTo((first.gradNorm() + second.gradNorm()) / 2, within(1e-9));
        assertThat(split.tokens()).isEqualTo(first.tokens() + second.tokens());
        assertThat(split.firstPass())
                .as("only the first is at the weights that the step began with")
                .hasSameSizeAs(first.sequences());
        assertClose(policy.weights(PolicyRole.LIVE), twin.weights(PolicyRole.LIVE), 0);
    }

    @Test
    void aDecoupledLossIsAgainstTheWeightsBeforeTheFirstMiniBatch() {
        List<ScoredGroup> batch = batch(policy, new Random(SEED), false, false);

        TrainingStep.Outcome outcome =
                new TrainingStep(policy, inMiniBatches(CORRECTED, 1)).run(rlp(policy), batch, 1e-2, 0.9);

        assertThat(outcome.updates()).isEqualTo(3);
        assertThat(outcome.sequences())
                .allSatisfy(
                        sequence -> assertThat(sequence.correction().largest()).isCloseTo(1, within(1e-4)))
                .anySatisfy(sequence -> assertThat(Math.abs(sequence.klMean())).isGreaterThan(1e-3));
    }

    private static ScoredGroup text(String id, String text) {
        return Groups.text(id, policy.tokenizer().encodeDocument(text));
    }

    @Test
    void aSpikeIsSkippedAndItsGroupsAreNamed() {
        Objective ntp = Runs.objective("ntp", policy.tokenizer(), Map.of());
        LearnerSettings guarded = Runs.settings(MICRO + "64", "batch_guard={z_score: 4, window: 3}");
        TrainingStep step = new TrainingStep(policy, guarded);
        for (int i = 0; i < 40; i++) {
            assertThat(step.run(ntp, List.of(text("known", "x3=7 x4=9 x5=2")), 1e-2, 0.9)
                            .refusals())
                    .isEmpty();
        }
        List<float[]> before = policy.weights(PolicyRole.LIVE);

        TrainingStep.Outcome outcome = step.run(
                ntp,
                List.of(text("known", "x3=7 x4=9 x5=2"), text("odd", "x0=1 x1=1 so x7 is"), text("k", "x3=7 x4=9")),
                1e-2,
                0.9);

        assertThat(outcome.isSkipped()).isTrue();
        assertThat(outcome.gradNorm()).isNaN();
        assertThat(outcome.refusals()).hasSize(1);
        assertThat(outcome.refusals().get(0).reason()).contains("standard deviations");
        assertThat(outcome.refusals().get(0).groups()).startsWith("odd").contains("known");
        assertClose(policy.weights(PolicyRole.LIVE), before, 0);
        assertThat(step.run(ntp, List.of(text("known", "x3=7 x4=9 x5=2")), 1e-2, 0.9)
                        .updates())
                .as("and it goes on")
                .isEqualTo(1);
    }

    @Test
    void whatIsNoNumberIsSkippedAndItsGroupIsNamedButTheOtherMiniBatchesAreTaken() {
        List<ScoredGroup> batch = new ArrayList<>(batch(policy, new Random(SEED), false, false));
        ScoredGroup good = batch.get(1);
        List<Rollout> rollouts = good.group().rollouts().stream()
                .map(rollout -> new Rollout(
                        rollout.sampleIndex(),
                        1,
                        rollout.response(),
                        FloatArray.of(nan(rollout.response().length())),
                        rollout.forced(),
                        1f,
                        rollout.seed(),
                        rollout.finishReason(),
                        rollout.versions()))
                .toList();
        Task broken = task("broken", good.task().prompt(), good.task().target());
        RolloutGroup sampled = good.group();
        batch.set(1, scored(broken, sampled.context(), sampled.forbiddenFirst(), rollouts, good.rewards()));

        TrainingStep.Outcome outcome =
                new TrainingStep(policy, inMiniBatches(BYPASS, 1)).run(rlp(policy), batch, 1e-3, 0.9);

        assertThat(outcome.updates()).isEqualTo(2);
        assertThat(outcome.isSkipped()).isFalse();
        assertThat(outcome.gradNorm()).isFinite();
        assertThat(outcome.refusals())
                .containsExactly(new TrainingStep.Refusal("its loss or gradient is no number", List.of("broken")));
        policy.weights(PolicyRole.LIVE).forEach(values -> {
            for (float value : values) {
                assertThat(value).isFinite();
            }
        });
    }

    private static float[] nan(int length) {
        float[] values = new float[length];
        Arrays.fill(values, Float.NaN);
        return values;
    }

    @Test
    void aBatchWithNothingToTrainOnChangesNothing() {
        List<float[]> before = policy.weights(PolicyRole.LIVE);

        TrainingStep.Outcome outcome = new TrainingStep(policy, Runs.settings()).run(rlp(policy), List.of(), 1e-3, 0.9);

        assertThat(outcome.isSkipped()).isTrue();
        assertClose(policy.weights(PolicyRole.LIVE), before, 0);
    }

    @Test
    void nextTokenPredictionGetsBetterAtItsTextAndEpochsCount() {
        Objective ntp = Runs.objective("ntp", policy.tokenizer(), Map.of());
        TokenArray text = policy.tokenizer().encodeDocument("x3=7 x4=9 x5=2");
        List<ScoredGroup> batch =
                List.of(scored(task("t", TokenArray.EMPTY, text), TokenArray.EMPTY, -1, List.of(), List.of()));

        double first = new TrainingStep(policy, Runs.settings())
                .run(ntp, batch, 1e-2, 0.9)
                .ceLoss();
        double third = new TrainingStep(twin, Runs.settings("ppo_epochs=3"))
                .run(ntp, batch, 1e-2, 0.9)
                .ceLoss();

        assertThat(first).isGreaterThan(0);
        assertThat(third).isLessThan(first);
    }

    /** Pools of the policy's own continuations and the text itself, with random rewards. */
    private static List<ScoredGroup> pools(Random random, int count) {
        List<ScoredGroup> pools = new ArrayList<>();
        for (int g = 0; g < count; g++) {
            TokenArray prompt = policy.tokenizer().encode("x1=3 x2=4 x3=5".substring(0, 4 + 5 * (g % 3)));
            List<Rollout> rollouts = new ArrayList<>();
            List<Reward> rewards = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                int[] tokens = random.ints(2 + random.nextInt(4), 1, 40).toArray();
                rollouts.add(Rollout.candidate(i, TokenArray.of(tokens), i == 2 ? Origin.DOCUMENT : Origin.SAMPLED));
                rewards.add(Reward.of(random.nextGaussian(), Map.of()));
            }
            pools.add(scored(task("g" + g, prompt, policy.tokenizer().encode("7")), prompt, -1, rollouts, rewards));
        }
        return pools;
    }

    @Test
    void pairsAreNeverSplitAndMixWithOtherTermsBySeparateDenominators() {
        Objective sip = Runs.objective("self-improving", policy.tokenizer(), Map.of("next_token_weight", 0.5));
        List<float[]> before = policy.weights(PolicyRole.LIVE);
        List<ScoredGroup> batch = pools(new Random(SEED), 4);

        TrainingStep.Outcome one =
                new TrainingStep(policy, Runs.settings("max_tokens_per_micro_batch=1000000")).run(sip, batch, 1e-3, 1);
        TrainingStep.Outcome many =
                new TrainingStep(twin, Runs.settings("max_tokens_per_micro_batch=1")).run(sip, batch, 1e-3, 1);

        assertThat(one.pairs()).hasSize(4);
        assertThat(one.dpoLoss()).as("at its reference").isCloseTo(Math.log(2), within(1e-5));
        assertThat(one.loss()).isCloseTo(one.dpoLoss() + one.ceLoss(), within(1e-6));
        assertThat(many.loss()).isCloseTo(one.loss(), within(1e-5));
        assertThat(many.gradNorm()).isCloseTo(one.gradNorm(), within(1e-4));
        assertClose(twin.weights(PolicyRole.LIVE), policy.weights(PolicyRole.LIVE), 1e-4f);
        assertThat(policy.weights(PolicyRole.LIVE).get(0)).isNotEqualTo(before.get(0));
        assertThat(policy.weights(PolicyRole.TEACHER).get(0))
                .as("the reference stays")
                .isEqualTo(before.get(0));
    }

    @Test
    void stepsTowardsThePairsWidenTheirMargin() {
        Objective sip = Runs.objective("self-improving", policy.tokenizer(), Map.of("beta", 0.5));
        List<ScoredGroup> batch = pools(new Random(SEED), 4);
        TrainingStep step = new TrainingStep(policy, Runs.settings());

        double loss = Double.MAX_VALUE;
        for (int i = 0; i < 5; i++) {
            TrainingStep.Outcome outcome = step.run(sip, batch, 1e-3, 1);
            assertThat(outcome.dpoLoss()).as("step %d", i).isLessThan(loss);
            loss = outcome.dpoLoss();
        }

        assertThat(step.run(sip, batch, 1e-3, 1).pairs()).allMatch(pair -> pair.margin() > 0);
    }

    @Test
    void poolsThatSayNothingChangeNothing() {
        Objective sip = Runs.objective("self-improving", policy.tokenizer(), Map.of());
        List<float[]> before = policy.weights(PolicyRole.LIVE);
        List<ScoredGroup> equal = pools(new Random(SEED), 3).stream()
                .map(group -> group.withRewards(group.rewards().stream()
                        .map(reward -> Reward.of(0.5, Map.of()))
                        .toList()))
                .toList();

        TrainingStep.Outcome outcome = new TrainingStep(policy, Runs.settings()).run(sip, equal, 1e-3, 1);

        assertThat(outcome.isSkipped()).isTrue();
        assertThat(outcome.refusals()).isEmpty();
        assertClose(policy.weights(PolicyRole.LIVE), before, 0);
    }

    private static HeldOutDocuments heldOut() {
        HeldOutDocuments documents = new HeldOutDocuments(new EvaluationSettings(0, true, 6, 2, List.of()));
        ChainCorpus corpus = new ChainCorpus(1, 100, () -> 0);
        IntStream.range(0, 40).forEach(i -> documents.add(corpus.document(i)));
        return documents;
    }

    @Test
    void anEvaluationIsTheSameEveryTime() {
        EvaluationSettings settings = new EvaluationSettings(0, true, 6, 2, List.of());
        Map<String, Double> first = new Evaluation(policy, rlp(policy), settings).run(heldOut());

        assertThat(new Evaluation(policy, rlp(policy), settings).run(heldOut())).isEqualTo(first);
        assertThat(new Evaluation(twin, rlp(twin), settings).run(heldOut())).isEqualTo(first);
        assertThat(first)
                .containsOnlyKeys(
                        "heldout/information_gain",
                        "heldout/information_gain_low",
                        "heldout/information_gain_high",
                        "heldout/accuracy_with_thought",
                        "heldout/accuracy_without_thought",
                        "heldout/thought_length",
                        "heldout/truncated",
                        "heldout/no_thought_loss");
        assertThat(first.get("heldout/information_gain"))
                .isBetween(first.get("heldout/information_gain_low"), first.get("heldout/information_gain_high"));
        assertThat(first.get("heldout/thought_length")).isBetween(0.0, 6.0);
    }

    @Test
    void whereResponsesStateTheirAnswerTheObjectiveSaysWhatIsRight() {
        Objective rpt = Runs.objective("rpt", policy.tokenizer(), Map.of("min_prefix", 5));
        EvaluationSettings settings = new EvaluationSettings(0, true, 6, 2, List.of());

        Map<String, Double> measures = new Evaluation(policy, rpt, settings).run(heldOut());

        assertThat(measures)
                .containsOnlyKeys(
                        "heldout/accuracy_with_thought",
                        "heldout/accuracy_with_thought_low",
                        "heldout/accuracy_with_thought_high",
                        "heldout/accuracy_without_thought",
                        "heldout/response_length",
                        "heldout/truncated",
                        "heldout/no_thought_loss");
        assertThat(measures).containsEntry("heldout/accuracy_with_thought", 0.0);
        assertThat(measures.get("heldout/response_length")).isBetween(1.0, 8.0);
        assertThat(new Evaluation(twin, rpt, settings).run(heldOut())).isEqualTo(measures);
    }

    @Test
    void theLossWithoutAThoughtIsPerTokenOfTheTexts() {
        HeldOutDocuments one = new HeldOutDocuments(new EvaluationSettings(0, true, 1, 1, List.of()));
        one.add(new Document("d", "x3=7 x4=9", "plain", Map.of()));
        TokenArray tokens = policy.tokenizer().encodeDocument("x3=7 x4=9");
        double nats = 0;
        for (int t = 1; t < tokens.length(); t++) {
            nats -= policy.score(PolicyRole.LIVE, List.of(new ScoreRequest(tokens.slice(0, t), tokens.slice(t, t + 1))))
                    .get(0)
                    .logProbs()
                    .at(0);
        }

        Map<String, Double> measures =
                new Evaluation(policy, rlp(policy), new EvaluationSettings(0, true, 1, 1, List.of())).run(one);

        assertThat(measures.get("heldout/no_thought_loss")).isCloseTo(nats / (tokens.length() - 1), within(1e-4));
    }

    @Test
    void withoutHeldOutDocumentsNothingIsMeasured() {
        EvaluationSettings settings = new EvaluationSettings(0, true, 6, 2, List.of());
        assertThat(new Evaluation(policy, rlp(policy), settings).run(new HeldOutDocuments(settings)))
                .isEmpty();
    }
}
