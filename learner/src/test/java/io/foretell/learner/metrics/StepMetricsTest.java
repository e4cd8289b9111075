package io.foretell.learner.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.buffer.Groups;
import io.foretell.buffer.UnusedObjective;
import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Origin;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import io.foretell.domain.VersionRange;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class StepMetricsTest {
    private static Rollout rollout(int index, int sampled, boolean cut, long version) {
        int length = sampled + (cut ? 1 : 0);
        return new Rollout(
                index,
                1,
                TokenArray.of(new int[length]),
                FloatArray.zeros(length),
                cut ? 1 : 0,
                1,
                0,
                cut ? FinishReason.LENGTH : FinishReason.STOP,
                List.of(new VersionRange(version, 0, length)));
    }

    private static ScoredGroup group(List<Rollout> rollouts, Reward... rewards) {
        Task task = new Task("g", "test", 0, "rlp", "d", TokenArray.of(1), TokenArray.of(2), 0, -1, Instant.EPOCH);
        return new ScoredGroup(
                new RolloutGroup(task, TokenArray.of(1), -1, rollouts, "", "", 0, Instant.EPOCH),
                List.of(rewards),
                0,
                0,
                Instant.EPOCH);
    }

    private static double value(StepMetrics metrics, String name) {
        assertThat(metrics.values()).containsKey(name);
        return ((Number) metrics.values().get(name)).doubleValue();
    }

    @Test
    void figuresOfABatchAgreeWithHandComputation() {
        StepMetrics metrics = new StepMetrics()
                .groups(
                        List.of(
                                group(
                                        List.of(rollout(0, 2, false, 9), rollout(1, 4, true, 9)),
                                        Reward.of(1, Map.of("gain", 1.0)),
                                        Reward.of(-2, Map.of("gain", 3.0))),
                                group(
                                        List.of(rollout(0, 6, false, 7), rollout(1, 8, false, 7)),
                                        Reward.of(4, Map.of()),
                                        Reward.failed("lost")),
                                Groups.plain("plain", 0)),
                        10);

        assertThat(value(metrics, "reward/mean")).isEqualTo(1);
        assertThat(value(metrics, "reward/std")).isEqualTo(3); // sqrt((0 + 9 + 9) / 2)
        assertThat(value(metrics, "reward/positive_fraction")).isCloseTo(2 / 3.0, within(1e-12));
        assertThat(value(metrics, "reward/component/gain")).isEqualTo(2);
        assertThat(value(metrics, "frac_reward_zero_std")).isEqualTo(0.5);
        assertThat(value(metrics, "response_length/mean")).isEqualTo(5);
        assertThat(value(metrics, "response_length/max")).isEqualTo(8);
        assertThat(value(metrics, "response_length/clip_ratio")).isEqualTo(0.25);
        assertThat(value(metrics, "staleness/mean")).isEqualTo(2);
        assertThat(value(metrics, "staleness/max")).isEqualTo(3);
    }

    private static ScoredGroup pool(double rollout, double document, double rewrite) {
        return group(
                List.of(
                        rollout(0, 3, false, 4),
                        Rollout.candidate(1, TokenArray.of(1, 2, 3, 4), Origin.DOCUMENT),
                        Rollout.candidate(2, TokenArray.of(1), Origin.REWRITE)),
                Reward.of(rollout, Map.of("quality", rollout)),
                Reward.of(document, Map.of("quality", document)),
                Reward.of(rewrite, Map.of("quality", rewrite)));
    }

    @Test
    void candidatesBesideTheRolloutsCountOnlyAsWinners() {
        StepMetrics metrics = new StepMetrics()
                .groups(List.of(pool(3, 2, 1), pool(1, 2, 0), pool(5, 2, 1), pool(1, 1, 9), pool(2, 2, 2)), 4);

        assertThat(value(metrics, "pool/rollout_chosen_rate")).isEqualTo(0.5);
        assertThat(value(metrics, "pool/document_chosen_rate")).isEqualTo(0.25);
        assertThat(value(metrics, "pool/rewrite_chosen_rate")).isEqualTo(0.25);
        assertThat(value(metrics, "pool/undecided_fraction")).isCloseTo(0.2, within(1e-12));
        assertThat(value(metrics, "reward/mean")).isCloseTo(12 / 5.0, within(1e-12));
        assertThat(value(metrics, "reward/component/quality")).isCloseTo(12 / 5.0, within(1e-12));
        assertThat(value(metrics, "response_length/mean")).isEqualTo(3);
        assertThat(value(metrics, "staleness/max")).isZero();
    }

    @Test
    void aBatchWithoutRolloutsHasNoRewardFigures() {
        assertThat(new StepMetrics()
                        .groups(List.of(Groups.plain("plain", 0)), 3)
                        .values())
                .isEmpty();
    }

    @Test
    void aBatchWhoseRewardsAllFailedHasFiniteFigures() {
        StepMetrics metrics =
                new StepMetrics().groups(List.of(group(List.of(rollout(0, 2, false, 0)), Reward.failed("lost"))), 0);

        assertThat(value(metrics, "reward/mean")).isZero();
        assertThat(value(metrics, "reward/std")).isZero();
        assertThat(value(metrics, "frac_reward_zero_std")).isEqualTo(1);
    }

    private record Roles() implements UnusedObjective {
        @Override
        public String role(Task task) {
            return task.id().contains("/") ? "prediction" : "proposal";
        }
    }

    @Test
    void rewardsOfEachRoleAreTold() {
        Reward one = Reward.of(1, Map.of());
        Reward none = Reward.of(0, Map.of());
        List<ScoredGroup> batch = List.of(
                Groups.rewarded("p", 0, 3, none, Reward.of(0.5, Map.of()), Reward.failed("lost")),
                Groups.rewarded("p/0", 0, 3, one, one),
                Groups.rewarded("p/1", 0, 3, one, none),
                Groups.rewarded("p/2", 0, 3, none, none));

        assertThat(new StepMetrics().roles(batch, new Roles()).values())
                .isEqualTo(Map.of(
                        "proposal/groups",
                        1,
                        "proposal/reward/mean",
                        0.25,
                        "proposal/frac_reward_zero_std",
                        0.0,
                        "prediction/groups",
                        3,
                        "prediction/reward/mean",
                        0.5,
                        "prediction/frac_reward_zero_std",
                        2 / 3.0));
        assertThat(new StepMetrics().roles(batch, new UnusedObjective() {}).values())
                .as("without roles")
                .isEmpty();
    }
}
