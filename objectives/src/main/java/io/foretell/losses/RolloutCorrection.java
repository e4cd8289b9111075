package io.foretell.losses;

import java.util.Arrays;
import java.util.Locale;

/**
 * Weights against the difference between the sampler and the policy that starts an update: {@code w_t = exp(proximal_t -
 * rollout_t)}, because of stale weights, another precision or another engine. Constants for the optimizer.
 *
 * <ul>
 *   <li>{@code rollout_is: token}, truncated importance sampling: token t counts min(w_t, C);
 *   <li>{@code rollout_is: sequence}: every token of a sequence counts min(prod_t w_t, C);
 *   <li>{@code rollout_rs: token}: tokens with w_t outside [lower, upper] count nothing; with {@code rollout_is: token}
 *       and C = upper this is IcePop;
 *   <li>{@code rollout_rs: sequence}: all tokens of a sequence whose prod_t w_t lies outside count nothing;
 *   <li>{@code rollout_rs: geometric}: the same by exp(mean_t log w_t).
 * </ul>
 *
 * <p>With a clipped surrogate on the ratio to the proximal policy this is decoupled PPO (AReaL, arXiv 2505.24298). What
 * counts nothing stays in the denominators of {@link LossAggregation}, as in AReaL: a mask never makes other tokens
 * heavier. veRL takes masked tokens out of them. Logarithms of ratios and of products are kept within 20.
 *
 * @param weight of tokens that count
 * @param threshold C
 * @param mask what does not count
 */
public record RolloutCorrection(Level weight, double threshold, Level mask, double lower, double upper) {
    public static final RolloutCorrection NONE =
            new RolloutCorrection(Level.NONE, Double.POSITIVE_INFINITY, Level.NONE, 0, Double.POSITIVE_INFINITY);

    /** What a ratio is taken of. */
    public enum Level {
        NONE,
        TOKEN,
        SEQUENCE,
        GEOMETRIC;

        /**
         * The level that configuration files call {@code name}.
         *
         * @param key for the sentence when there is none
         */
        public static Level parse(String name, String key, Level... allowed) {
            return Arrays.stream(allowed)
                    .filter(level -> level.spelling().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException(key + " is '" + name + "' but must be one of "
                            + Arrays.stream(allowed).map(Level::spelling).toList()));
        }

        private String spelling() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * What the correction of one sequence came to; sums are over its tokens.
     *
     * @param factors (n) what each token's loss is multiplied by
     * @param ratios sum of w before truncation
     * @param largest w before truncation
     * @param weights sum of w after truncation
     * @param squares sum of their squares
     * @param above tokens whose w was truncated
     * @param masked tokens that count nothing
     * @param k1 sum of rollout - proximal log-probabilities
     * @param k3 sum of w_t - 1 - log w_t
     */
    public record Corrected(
            double[] factors,
            double ratios,
            double largest,
            double weights,
            double squares,
            int above,
            int masked,
            double k1,
            double k3) {}

    public Corrected correct(double[] proximal, double[] rollout) {
        int n = proximal.length;
        double[] logs = new double[n];
        double sum = 0;
        double k3 = 0;
        for (int t = 0; t < n; t++) {
            logs[t] = proximal[t] - rollout[t];
            sum += logs[t];
            k3 += LogRatio.ratio(proximal[t], rollout[t]) - 1 - logs[t];
        }
        double[] factors = new double[n];
        double ratios = 0;
        double largest = 0;
        double weights = 0;
        double squares = 0;
        int above = 0;
        int masked = 0;
        for (int t = 0; t < n; t++) {
            double w = ratio(weight == Level.NONE ? Level.TOKEN : weight, logs[t], sum, n);
            double truncated = weight == Level.NONE ? w : Math.min(w, threshold);
            double tested = ratio(mask, logs[t], sum, n);
            boolean out = tested < lower || tested > upper;
            ratios += w;
            largest = Math.max(largest, w);
            weights += truncated;
            squares += truncated * truncated;
            above += truncated < w ? 1 : 0;
            masked += out ? 1 : 0;
            factors[t] = out ? 0 : weight == Level.NONE ? 1 : truncated;
        }
        return new Corrected(factors, ratios, largest, weights, squares, above, masked, -sum, k3);
    }

    private static double ratio(Level level, double log, double sum, int n) {
        double exponent = switch (level) {
            case NONE -> 0;
            case TOKEN -> log;
            case SEQUENCE -> sum;
            case GEOMETRIC -> sum / n;
        };
        return Math.exp(LogRatio.clamp(exponent));
    }
}
