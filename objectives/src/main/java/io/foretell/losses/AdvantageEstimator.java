package io.foretell.losses;

import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.ScoredGroup;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * How the rewards of one group become advantages. Missing rewards are left out of the mean and get advantage 0, as in
 * TRL.
 */
public enum AdvantageEstimator {
    /**
     * A_i = n/(n-1) (r_i - mean): the leave-one-out advantage of RLOO, and the estimator of RLP (arXiv 2510.01265),
     * which motivates the factor as removing the (1-1/G) shrinkage of the inclusive mean.
     */
    RLOO {
        @Override
        double advantage(double reward, Known known) {
            return known.size() / (known.size() - 1.0) * (reward - known.mean());
        }
    },
    /** A_i = (r_i - mean) / (std + 1e-6), std over n-1: GRPO as veRL computes it. */
    GRPO {
        @Override
        double advantage(double reward, Known known) {
            return (reward - known.mean()) / (known.std() + EPSILON);
        }
    },
    /** A_i = r_i - mean: Dr. GRPO (arXiv 2503.20783). */
    DR_GRPO {
        @Override
        double advantage(double reward, Known known) {
            return reward - known.mean();
        }
    },
    /** A_i = r_i - sum_j n_j r_j / sum_j n_j, n the lengths of the responses: OPO (arXiv 2505.23585). */
    OPO {
        @Override
        double advantage(double reward, Known known) {
            return reward - known.lengthWeightedMean();
        }
    },
    /**
     * Only the best response learns: A = (r_max - r_second) / (std + 1e-6), 0 for all others and in a tie for the best.
     * Pass@k training (arXiv 2503.19595) as veRL computes it.
     */
    GRPO_PASSK {
        @Override
        double advantage(double reward, Known known) {
            return reward == known.max() ? (reward - known.second()) / (known.std() + EPSILON) : 0;
        }
    },
    /**
     * A_i = (r_i - mean) / mean, 0 if the mean is not above 0: MaxRL, for rewards of at least 0, as prime-rl computes
     * it.
     */
    MAX_RL {
        @Override
        double advantage(double reward, Known known) {
            double mean = known.mean();
            return mean > 0 ? (reward - mean) / mean : 0;
        }
    };

    private static final double EPSILON = 1e-6;

    abstract double advantage(double reward, Known known);

    /** The estimator that configuration files call {@code name}. */
    public static AdvantageEstimator parse(String name) {
        for (AdvantageEstimator estimator : values()) {
            if (estimator.name().equalsIgnoreCase(name)) {
                return estimator;
            }
        }
        throw new IllegalArgumentException("learner.adv_estimator is '" + name + "' but must be one of "
                + List.of(values()).toString().toLowerCase(Locale.ROOT));
    }

    /**
     * Whether all rewards of {@code group} are equal up to float noise, in which case every estimator gives all zeros.
     */
    public static boolean isZero(ScoredGroup group) {
        return Arrays.stream(DR_GRPO.advantages(group.rewards())).allMatch(advantage -> Math.abs(advantage) <= 1e-6);
    }

    /** Advantages of a group, treating all responses as equally long. */
    public double[] advantages(List<Reward> rewards) {
        int[] lengths = new int[rewards.size()];
        Arrays.fill(lengths, 1);
        return advantages(rewards, lengths);
    }

    /** Advantages of one group; the length of a response is its number of sampled tokens. */
    public double[] advantages(ScoredGroup group) {
        return advantages(
                group.rewards(),
                group.group().rollouts().stream()
                        .mapToInt(Rollout::sampledLength)
                        .toArray());
    }

    /**
     * Advantages of one group.
     *
     * @param lengths lengths of the responses, in tokens
     * @return one per reward, in order; all 0 if fewer than two rewards are available
     */
    double[] advantages(List<Reward> rewards, int[] lengths) {
        Known known = Known.of(rewards, lengths);
        double[] advantages = new double[rewards.size()];
        if (known.size() < 2) {
            return advantages;
        }
        for (int i = 0; i < advantages.length; i++) {
            Reward reward = rewards.get(i);
            advantages[i] = reward.isOk() ? advantage(reward.total(), known) : 0;
        }
        return advantages;
    }

    /**
     * The available rewards. Means are measured relative to the first, which makes the spread of equal rewards exactly
     * 0.
     */
    private record Known(double[] rewards, int[] lengths) {
        static Known of(List<Reward> rewards, int[] lengths) {
            int[] ok = IntStream.range(0, lengths.length)
                    .filter(i -> rewards.get(i).isOk())
                    .toArray();
            return new Known(
                    Arrays.stream(ok).mapToDouble(i -> rewards.get(i).total()).toArray(),
                    Arrays.stream(ok).map(i -> lengths[i]).toArray());
        }

        int size() {
            return rewards.length;
        }

        double mean() {
            double mean = rewards[0];
            for (double reward : rewards) {
                mean += (reward - rewards[0]) / rewards.length;
            }
            return mean;
        }

        double lengthWeightedMean() {
            long total = Arrays.stream(lengths).asLongStream().sum();
            double mean = rewards[0];
            for (int i = 0; i < rewards.length && total > 0; i++) {
                mean += (rewards[i] - rewards[0]) * lengths[i] / total;
            }
            return mean;
        }

        double std() {
            double mean = mean();
            double squares = 0;
            for (double reward : rewards) {
                squares += (reward - mean) * (reward - mean);
            }
            return Math.sqrt(squares / (rewards.length - 1));
        }

        double max() {
            return Arrays.stream(rewards).max().orElseThrow();
        }

        double second() {
            double[] sorted = rewards.clone();
            Arrays.sort(sorted);
            return sorted[sorted.length - 2];
        }
    }
}
