package io.foretell.losses;

import static io.foretell.objectives.Fixtures.rewards;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Reward;
import io.foretell.domain.RewardStatus;
import io.foretell.objectives.Fixtures;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class AdvantageEstimatorTest {
    private static final Offset<Double> PRINTED = within(5e-5);

    @Test
    void publishedRoundsOfTheRlpAppendixAreReproduced() {
        assertThat(AdvantageEstimator.RLOO.advantages(rewards(-0.80, -0.60, -0.50, -0.30)))
                .containsExactly(new double[] {-0.3333, -0.0667, 0.0667, 0.3333}, PRINTED);
        assertThat(AdvantageEstimator.RLOO.advantages(rewards(-0.80, -0.60, -0.35, -0.10)))
                .containsExactly(new double[] {-0.45, -0.1833, 0.15, 0.4833}, PRINTED);
        assertThat(AdvantageEstimator.RLOO.advantages(rewards(-0.80, -0.60, -0.20, 0.05)))
                .containsExactly(new double[] {-0.55, -0.2833, 0.25, 0.5833}, PRINTED);
    }

    /** One step of pi_i exp(0.5 A_i) / Z from the uniform policy, and what a token of four costs. */
    @Test
    void publishedConsequencesOfTheFirstRoundAreReproduced() {
        double[] rewards = {-0.80, -0.60, -0.50, -0.30};
        double[] advantages = AdvantageEstimator.RLOO.advantages(rewards(rewards));
        double[] policy = Arrays.stream(advantages).map(a -> Math.exp(0.5 * a)).toArray();
        double z = Arrays.stream(policy).sum();
        double objective = 0;
        for (int i = 0; i < 4; i++) {
            policy[i] /= z;
            objective += policy[i] * rewards[i];
        }

        assertThat(policy).containsExactly(new double[] {0.2101, 0.2401, 0.2566, 0.2932}, PRINTED);
        assertThat(objective).isCloseTo(-0.5284, PRINTED);
        for (int i = 0; i < 4; i++) {
            FloatArray zeros = FloatArray.zeros(6);
            FloatArray thought = FloatArray.of(0, 0, 1, 1, 1, 1);
            Experience one = new Experience(Fixtures.counting(6), zeros, thought, zeros, zeros, 1f, -1);
            float weight =
                    LossAggregation.SEQ_MEAN_TOKEN_MEAN.weights(List.of(one)).get(0)[2];
            assertThat(weight * advantages[i]).isCloseTo(new double[] {-0.0833, -0.0167, 0.0167, 0.0833}[i], PRINTED);
        }
    }

    @Test
    void twoOfEightCorrectGivesThePublishedNumbers() {
        List<Reward> rewards = rewards(1, 0, 0, 1, 0, 0, 0, 0);

        double[] grpo = AdvantageEstimator.GRPO.advantages(rewards);
        double[] rloo = AdvantageEstimator.RLOO.advantages(rewards);
        double[] plain = AdvantageEstimator.DR_GRPO.advantages(rewards);
        double[] maxRl = AdvantageEstimator.MAX_RL.advantages(rewards);

        for (int i = 0; i < 8; i++) {
            boolean correct = i == 0 || i == 3;
            assertThat(grpo[i]).isCloseTo(correct ? 1.62018 : -0.54006, within(5e-6));
            assertThat(rloo[i]).isCloseTo(correct ? 0.857143 : -0.285714, within(5e-7));
            assertThat(plain[i]).isCloseTo(correct ? 0.75 : -0.25, within(1e-12));
            assertThat(maxRl[i]).isCloseTo(correct ? 3 : -1, within(1e-12));
        }
    }

    /** RLOO as a loop over the others, GRPO by pairs: var = sum_{i<j} (r_i - r_j)^2 / (n (n-1)). */
    @ParameterizedTest
    @EnumSource(AdvantageEstimator.class)
    void everyEstimatorAgreesWithASlowFormula(AdvantageEstimator estimator) {
        for (long seed = 0; seed < 200; seed++) {
            Random random = new Random(seed);
            int n = 2 + random.nextInt(15);
            List<Reward> rewards = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                rewards.add(
                        random.nextInt(6) == 0
                                ? Reward.failed("lost")
                                : Reward.of(10 * random.nextGaussian() - 3, Map.of("part", 1.0)));
            }

            int[] lengths = random.ints(n, 1, 30).toArray();

            assertThat(estimator.advantages(rewards, lengths))
                    .as("seed %d", seed)
                    .containsExactly(slow(estimator, rewards, lengths), within(1e-9));
        }
    }

    private static double[] slow(AdvantageEstimator estimator, List<Reward> rewards, int[] lengths) {
        double[] advantages = new double[rewards.size()];
        long n = rewards.stream().filter(Reward::isOk).count();
        for (int i = 0; i < advantages.length; i++) {
            if (!rewards.get(i).isOk() || n < 2) {
                continue;
            }
            double others = 0;
            double pairs = 0;
            double tokens = 0;
            double weighted = 0;
            int better = 0;
            double best = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < advantages.length; j++) {
                if (!rewards.get(j).isOk()) {
                    continue;
                }
                others += j == i ? 0 : rewards.get(j).total();
                tokens += lengths[j];
                weighted += lengths[j] * rewards.get(j).total();
                better += rewards.get(j).total() > rewards.get(i).total() ? 1 : 0;
                best = j == i ? best : Math.max(best, rewards.get(j).total());
                for (int k = 0; k < j; k++) {
                    double difference = rewards.get(j).total() - rewards.get(k).total();
                    pairs += rewards.get(k).isOk() ? difference * difference : 0;
                }
            }
            double leaveOneOut = rewards.get(i).total() - others / (n - 1);
            double mean = (others + rewards.get(i).total()) / n;
            double centred = leaveOneOut * (n - 1) / n;
            double std = Math.sqrt(pairs / (n * (n - 1.0)));
            advantages[i] = switch (estimator) {
                case RLOO -> leaveOneOut;
                case GRPO -> centred / (std + 1e-6);
                case DR_GRPO -> centred;
                case OPO -> rewards.get(i).total() - weighted / tokens;
                case GRPO_PASSK -> better == 0 ? (rewards.get(i).total() - best) / (std + 1e-6) : 0;
                case MAX_RL -> mean > 0 ? rewards.get(i).total() / mean - 1 : 0;
            };
        }
        return advantages;
    }

    @ParameterizedTest
    @EnumSource(AdvantageEstimator.class)
    void rewardsThatCouldNotBeHadAreLeftOutOfTheMeanAndGetNothing(AdvantageEstimator estimator) {
        Reward late = new Reward(1000, Map.of(), RewardStatus.TIMEOUT, "late");
        Reward skipped = new Reward(Double.NaN, Map.of(), RewardStatus.SKIPPED, "not asked");
        List<Reward> known = rewards(1, 4);

        double[] advantages =
                estimator.advantages(List.of(Reward.failed("lost"), known.get(0), late, known.get(1), skipped));
        double[] alone = estimator.advantages(known);

        assertThat(advantages).containsExactly(0, alone[0], 0, alone[1], 0);
    }

    @ParameterizedTest
    @EnumSource(AdvantageEstimator.class)
    void aGroupOfEqualRewardsGetsExactlyZero(AdvantageEstimator estimator) {
        for (double reward : new double[] {0, 0.1, -0.3, 1.0 / 3, -7.1234567, 1e-9, 1e9 / 7}) {
            for (int n = 2; n <= 33; n++) {
                double[] equal = new double[n];
                java.util.Arrays.fill(equal, reward);

                assertThat(estimator.advantages(rewards(equal)))
                        .as("%d rewards of %s", n, reward)
                        .containsOnly(0.0);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(AdvantageEstimator.class)
    void fewerThanTwoKnownRewardsTeachNothing(AdvantageEstimator estimator) {
        assertThat(estimator.advantages(List.of())).isEmpty();
        assertThat(estimator.advantages(rewards(5))).containsExactly(0);
        assertThat(estimator.advantages(List.of(Reward.failed("lost"), Reward.of(5, Map.of()))))
                .containsExactly(0, 0);
    }

    @Test
    void namesOfTheConfigurationAreUnderstoodAndOthersNamed() {
        assertThat(AdvantageEstimator.parse("dr_grpo")).isEqualTo(AdvantageEstimator.DR_GRPO);
        assertThat(AdvantageEstimator.parse("rloo")).isEqualTo(AdvantageEstimator.RLOO);
        assertThat(AdvantageEstimator.parse("grpo")).isEqualTo(AdvantageEstimator.GRPO);
        assertThatThrownBy(() -> AdvantageEstimator.parse("gae"))
                .hasMessage(
                        "learner.adv_estimator is 'gae' but must be one of [rloo, grpo, dr_grpo, opo, grpo_passk, max_rl]");
    }
}
