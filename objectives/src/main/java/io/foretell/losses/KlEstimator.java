package io.foretell.losses;

import java.util.Arrays;
import java.util.List;

/**
 * Estimators of KL(policy || reference) from one sampled token, with d = log p - log p_ref clamped to 20 (Schulman
 * 2020,
 * "Approximating KL divergence").
 */
public enum KlEstimator {
    /** d: unbiased, can be negative; its gradient has mean zero, so as a loss it needs the straight-through form. */
    K1("k1", "kl") {
        @Override
        public double value(double d) {
            return LogRatio.clamp(d);
        }

        @Override
        public double derivative(double d) {
            return LogRatio.isFlat(d) ? 0 : 1;
        }
    },
    /** d^2 / 2: biased; on the policy's own samples its gradient is that of the KL divergence. */
    K2("k2", "mse") {
        @Override
        public double value(double d) {
            return LogRatio.clamp(d) * LogRatio.clamp(d) / 2;
        }

        @Override
        public double derivative(double d) {
            return LogRatio.isFlat(d) ? 0 : d;
        }
    },
    /** e^-d - 1 + d, at most 10 as in veRL: unbiased below that, never negative; the estimator of GRPO. */
    K3("k3", "low_var_kl") {
        private static final double MOST = 10;

        @Override
        public double value(double d) {
            double kept = LogRatio.clamp(d);
            return Math.min(MOST, Math.exp(-kept) - 1 + kept);
        }

        @Override
        public double derivative(double d) {
            return LogRatio.isFlat(d) || Math.exp(-d) - 1 + d > MOST ? 0 : 1 - Math.exp(-d);
        }
    },
    /** |d|. */
    ABS("abs", "abs") {
        @Override
        public double value(double d) {
            return Math.abs(LogRatio.clamp(d));
        }

        @Override
        public double derivative(double d) {
            return LogRatio.isFlat(d) ? 0 : Math.signum(d);
        }
    };

    private final List<String> spellings;

    KlEstimator(String... spellings) {
        this.spellings = List.of(spellings);
    }

    public abstract double value(double d);

    /** Derivative of {@link #value} with respect to d. */
    public abstract double derivative(double d);

    /**
     * The estimator that configuration files call {@code name}.
     *
     * @param key the configuration key, for the error message
     * @throws IllegalArgumentException with a sentence for the user, when there is none of that name
     */
    public static KlEstimator parse(String key, String name) {
        return Arrays.stream(values())
                .filter(estimator -> estimator.isCalled(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        key + " is '" + name + "' but must be k1 (kl), k2 (mse), k3 (low_var_kl) or abs"));
    }

    private boolean isCalled(String name) {
        return spellings.contains(name);
    }
}
