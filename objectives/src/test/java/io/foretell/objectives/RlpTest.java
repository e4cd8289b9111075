package io.foretell.objectives;

import static io.foretell.objectives.Fixtures.CLOSE;
import static io.foretell.objectives.Fixtures.OPEN;
import static io.foretell.objectives.Fixtures.counting;
import static io.foretell.objectives.Fixtures.rewards;
import static io.foretell.objectives.Fixtures.rollout;
import static io.foretell.objectives.Fixtures.settings;
import static io.foretell.objectives.Fixtures.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Experience;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.PolicyRole;
import io.foretell.domain.Reward;
import io.foretell.domain.RewardStatus;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.SamplingPlan;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.objectives.Fixtures.TableScorer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RlpTest {
    private static final TokenArray PROMPT = TokenArray.of(1, 2, 3);
    private static final TokenArray NEXT = TokenArray.of(4);
    private static final Task TASK = task(PROMPT, NEXT);

    private static RolloutGroup group(Task task, Rollout... rollouts) {
        return Fixtures.group(new Rlp(settings(64, Map.of())), task, rollouts);
    }

    private static List<Reward> reward(Rlp rlp, RolloutGroup group, TableScorer scorer) {
        return Fixtures.reward(rlp, group, scorer);
    }

    /** Baseline {@code without}; a thought that starts with token k scores {@code with[k]}. */
    private static TableScorer scorer(FloatArray without, FloatArray... with) {
        return new TableScorer(question -> question.weights() == PolicyRole.TEACHER
                ? without
                : with[question.context().at(4)]);
    }

    @Test
    void samplingOpensAThoughtAndForcesItsEnd() {
        SamplingPlan plan =
                Fixtures.sampling(new Rlp(settings(64, Map.of())), TASK).orElseThrow();

        assertThat(plan).isEqualTo(new SamplingPlan(TokenArray.of(1, 2, 3, OPEN), 4, 0.7f, 1, 16, CLOSE, true));
    }

    @Test
    void rehearsedTextIsNotSampledNorRewarded() {
        Rlp rlp = new Rlp(settings(64, Map.of()));
        Task rehearsal = task(TokenArray.EMPTY, counting(5));

        assertThat(Fixtures.sampling(rlp, rehearsal)).isEmpty();
        assertThat(reward(rlp, group(rehearsal), scorer(FloatArray.EMPTY))).isEmpty();
    }

    @Test
    void rewardIsTheInformationGainOverTheTeacherWithoutAThought() {
        TableScorer scorer = scorer(FloatArray.of(-2f), FloatArray.of(-0.5f), FloatArray.of(-3f));
        RolloutGroup group =
                group(TASK, rollout(0, FinishReason.STOP, 0, 0, CLOSE), rollout(1, FinishReason.STOP, 0, 1, 9, CLOSE));

        List<Reward> rewards = reward(new Rlp(settings(64, Map.of())), group, scorer);

        assertThat(rewards).extracting(Reward::total).containsExactly(1.5, -1.0);
        assertThat(rewards.get(0).components())
                .isEqualTo(Map.of("information_gain", 1.5, "score_with_thought", -0.5, "score_baseline", -2.0));
    }

    @Test
    void theBaselineIsAskedOncePerGroupAndThoughtsAfterTheirClosingTag() {
        TableScorer scorer = scorer(FloatArray.of(-2f), FloatArray.of(-1f), FloatArray.of(-1f));
        RolloutGroup group = group(
                TASK, rollout(0, FinishReason.STOP, 0, 0, CLOSE), rollout(1, FinishReason.LENGTH, 1, 1, 9, CLOSE));

        reward(new Rlp(settings(64, Map.of())), group, scorer);

        assertThat(scorer.asked)
                .containsExactly(
                        new TableScorer.Question(PolicyRole.TEACHER, PROMPT, NEXT),
                        new TableScorer.Question(PolicyRole.LIVE, TokenArray.of(1, 2, 3, OPEN, 0, CLOSE), NEXT),
                        new TableScorer.Question(PolicyRole.LIVE, TokenArray.of(1, 2, 3, OPEN, 1, 9, CLOSE), NEXT));
    }

    @Test
    void laterTokensAreDiscounted() {
        TableScorer scorer = scorer(FloatArray.of(-1.2f, -1.9f, -0.9f), FloatArray.of(-1f, -2f, -0.5f));
        Rlp rlp = new Rlp(settings(64, Map.of("horizon", 3, "discount", 0.9)));
        RolloutGroup group = group(task(PROMPT, counting(3)), rollout(0, FinishReason.STOP, 0, 0, CLOSE));

        assertThat(reward(rlp, group, scorer).get(0).total()).isCloseTo(0.434, within(1e-6));
    }

    @Test
    void aTruncatedThoughtIsScoredUnlessItIsToGainNothing() {
        RolloutGroup group = group(
                TASK,
                rollout(0, FinishReason.LENGTH, 1, 0, CLOSE),
                rollout(1, FinishReason.LENGTH, 1, 1, CLOSE),
                rollout(2, FinishReason.STOP, 0, 0, CLOSE));
        FloatArray good = FloatArray.of(-1f);
        FloatArray bad = FloatArray.of(-5f);

        List<Reward> scored = reward(new Rlp(settings(64, Map.of())), group, scorer(FloatArray.of(-2f), good, bad));
        List<Reward> strict = reward(
                new Rlp(settings(64, Map.of("truncated_reward", "none"))),
                group,
                scorer(FloatArray.of(-2f), good, bad));

        assertThat(scored).extracting(Reward::total).containsExactly(1.0, -3.0, 1.0);
        assertThat(strict).extracting(Reward::total).containsExactly(0.0, -3.0, 1.0);
        assertThat(strict.get(0).components()).containsEntry("information_gain", 1.0);
    }

    @Test
    void aLogProbabilityThatIsNotFiniteIsAFailureAndNotAZero() {
        RolloutGroup group =
                group(TASK, rollout(0, FinishReason.STOP, 0, 0, CLOSE), rollout(1, FinishReason.STOP, 0, 1, CLOSE));
        Rlp rlp = new Rlp(settings(64, Map.of()));

        List<Reward> one = reward(
                rlp, group, scorer(FloatArray.of(-2f), FloatArray.of(Float.NEGATIVE_INFINITY), FloatArray.of(-1f)));
        List<Reward> all = reward(rlp, group, scorer(FloatArray.of(Float.NaN), FloatArray.of(-1f), FloatArray.of(-1f)));

        assertThat(one).extracting(Reward::status).containsExactly(RewardStatus.FAILED, RewardStatus.OK);
        assertThat(one.get(0).reason()).contains("not finite").contains("-Infinity");
        assertThat(all).extracting(Reward::status).containsOnly(RewardStatus.FAILED);
    }

    @Test
    void aPolicyThatIsItsOwnBaselineAndDoesNotProfitEarnsExactlyNothing() {
        TableScorer same = new TableScorer(question -> FloatArray.of(-1.7f));
        RolloutGroup group =
                group(TASK, rollout(0, FinishReason.STOP, 0, 0, CLOSE), rollout(1, FinishReason.STOP, 0, 1, CLOSE));
        List<Reward> rewards = reward(new Rlp(settings(64, Map.of())), group, same);

        assertThat(rewards).extracting(Reward::total).containsExactly(0.0, 0.0);
        assertThat(AdvantageEstimator.RLOO.advantages(rewards)).containsExactly(0.0, 0.0);
    }

    @Test
    void exactlyTheSampledTokensAreTrained() {
        ScoredGroup scored = new ScoredGroup(
                group(
                        TASK,
                        rollout(0, FinishReason.STOP, 0, 7, 8, CLOSE),
                        rollout(1, FinishReason.LENGTH, 1, 7, 8, CLOSE)),
                rewards(1, 3),
                3,
                0.1,
                Instant.EPOCH);

        List<Experience> experiences = new Rlp(settings(64, Map.of())).experiences(scored, AdvantageEstimator.RLOO);

        assertThat(experiences.get(0))
                .isEqualTo(new Experience(
                        TokenArray.of(1, 2, 3, OPEN, 7, 8, CLOSE),
                        FloatArray.of(0, 0, 0, 0, -2, -2, -2),
                        FloatArray.of(0, 0, 0, 0, 1, 1, 1),
                        FloatArray.of(0, 0, 0, 0, -0.25f, -0.5f, -0.75f),
                        FloatArray.zeros(7),
                        0.7f,
                        CLOSE));
        assertThat(experiences.get(1))
                .as("the forced closing tag is not even in the sequence")
                .isEqualTo(new Experience(
                        TokenArray.of(1, 2, 3, OPEN, 7, 8),
                        FloatArray.of(0, 0, 0, 0, 2, 2),
                        FloatArray.of(0, 0, 0, 0, 1, 1),
                        FloatArray.of(0, 0, 0, 0, -1.25f, -1.5f),
                        FloatArray.zeros(6),
                        0.7f,
                        CLOSE));
    }

    @Test
    void aFailedRewardTrainsNothing() {
        ScoredGroup scored = new ScoredGroup(
                group(
                        TASK,
                        rollout(0, FinishReason.STOP, 0, 7, CLOSE),
                        rollout(1, FinishReason.STOP, 0, 8, CLOSE),
                        rollout(2, FinishReason.STOP, 0, 9, CLOSE)),
                List.of(Reward.of(1, Map.of()), Reward.failed("lost"), Reward.of(2, Map.of())),
                3,
                0.1,
                Instant.EPOCH);

        List<Experience> experiences = new Rlp(settings(64, Map.of())).experiences(scored, AdvantageEstimator.RLOO);

        assertThat(experiences.get(0).advantages().at(4)).isEqualTo(-1);
        assertThat(experiences.get(1).advantages()).isEqualTo(FloatArray.zeros(6));
        assertThat(experiences.get(2).advantages().at(4)).isEqualTo(1);
    }

    @Test
    void rehearsedTextIsTrainedByNextTokenPredictionExceptForTheOpeningTag() {
        Rlp rlp = new Rlp(settings(64, Map.of("next_token_weight", 0.25)));
        TokenArray text = TokenArray.of(1, 2, OPEN, 5, CLOSE, 6);
        ScoredGroup scored = new ScoredGroup(group(task(TokenArray.EMPTY, text)), List.of(), -1, 0, Instant.EPOCH);

        assertThat(rlp.experiences(scored, AdvantageEstimator.RLOO))
                .containsExactly(new Experience(
                        text,
                        FloatArray.zeros(6),
                        FloatArray.zeros(6),
                        FloatArray.zeros(6),
                        FloatArray.of(0, 0.25f, 0, 0.25f, 0.25f, 0.25f),
                        1f,
                        -1));
    }
}
