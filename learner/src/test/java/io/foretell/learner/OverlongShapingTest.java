package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.RolloutGroup;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.Task;
import io.foretell.domain.TokenArray;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OverlongShapingTest {
    @ParameterizedTest
    @CsvSource({"16000, 0", "16384, 0", "18432, -0.5", "20480, -1"})
    void knownPunishmentsAreReproduced(int length, double expected) {
        assertThat(new OverlongShaping(20480, 4096, 1).punishment(length)).isCloseTo(expected, within(1e-12));
    }

    private static Rollout rollout(int index, int sampled, int forced) {
        int length = sampled + forced;
        return new Rollout(
                index,
                1,
                TokenArray.of(new int[length]),
                FloatArray.zeros(length),
                forced,
                1,
                0,
                FinishReason.STOP,
                List.of());
    }

    @Test
    void sampledTokensCountAndRewardsThatCouldNotBeHadStay() {
        List<Rollout> rollouts = List.of(rollout(0, 2, 0), rollout(1, 8, 1), rollout(2, 8, 0));
        Task task = new Task("g", "r", 0, "rlp", "d", TokenArray.of(1), TokenArray.of(2), 0, -1, Instant.EPOCH);
        ScoredGroup group = new ScoredGroup(
                new RolloutGroup(task, TokenArray.of(1), -1, rollouts, "", "", 0, Instant.EPOCH),
                List.of(Reward.of(1, Map.of("gain", 1.0)), Reward.of(1, Map.of()), Reward.failed("lost")),
                0,
                0,
                Instant.EPOCH);

        List<Reward> shaped =
                new OverlongShaping(8, 4, 0.5).shape(List.of(group)).get(0).rewards();

        assertThat(IntStream.range(0, 2).mapToDouble(i -> shaped.get(i).total()).toArray())
                .containsExactly(1, 0.5);
        assertThat(shaped.get(0).components()).containsEntry("gain", 1.0).containsEntry("overlong_reward", 0.0);
        assertThat(shaped.get(1).components()).containsEntry("overlong_reward", -0.5);
        assertThat(shaped.get(2)).isEqualTo(group.rewards().get(2));
    }
}
