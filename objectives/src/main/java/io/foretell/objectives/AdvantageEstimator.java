package io.foretell.objectives;

import java.util.List;
import java.util.Locale;

/**
 * How rewards of one group become advantages. Rewards that could not be had are left out of the mean and get advantage
 * 0 (the rule of TRL).
 */
public enum AdvantageEstimator {
    /**
     * A_i = n/(n-1) (r_i - mean): the leave-one-out advantage of RLOO, and the estimator of RLP (arXiv 2510.01265),
     * which motivates the factor as removing the (1-1/G) shrinkage of the inclusive mean.
     */
    RLOO {
        @Override
        double advantage(double reward, double mean, double std, int n) {
            return n / (n - 1.0) * (reward - mean);
        }
    },
    /** A_i = (r_i - mean) / (std + 1e-6), std over n-1: GRPO as veRL computes it. */
    GRPO {
        @Override
        double advantage(double reward, double mean, double std, int n) {
            return (reward - mean) / (std + 1e-6);
        }
    },
    /** A_i = r_i - mean: Dr. GRPO (arXiv 2503.20783). */
    DR_GRPO {
        @Override
        double advantage(double reward, double mean, double std, int n) {
            return reward - mean;
        }
    };

    abstract double advantage(double reward, double mean, double std, int n);

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
     * Advantages of one group.
     *
     * @return one per reward, in order; all 0 when fewer than two rewards could be had
     */
    public double[] of(List<Reward> rewards) {
        double[] known =
                rewards.stream().filter(Reward::isOk).mapToDouble(Reward::total).toArray();
        double[] advantages = new double[rewards.size()];
        if (known.length < 2) {
            return advantages;
        }
        // Measured from the first reward, so that equal rewards have exactly no spread.
        double mean = known[0];
        for (double reward : known) {
            mean += (reward - known[0]) / known.length;
        }
        double squares = 0;
        for (double reward : known) {
            squares += (reward - mean) * (reward - mean);
        }
        double std = Math.sqrt(squares / (known.length - 1));
        for (int i = 0; i < advantages.length; i++) {
            Reward reward = rewards.get(i);
            advantages[i] = reward.isOk() ? advantage(reward.total(), mean, std, known.length) : 0;
        }
        return advantages;
    }
}
