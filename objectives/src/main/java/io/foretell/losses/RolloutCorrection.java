package io.foretell.losses;

import java.util.Arrays;
import java.util.Locale;

/**
 * Corrects for the difference between the sampler and the policy at the start of an update, caused by stale weights,
 * another precision or another engine: {@code w_t = exp(proximal_t - rollout_t)}. Constants for the optimizer.
 *
 * <ul>
 *   <li>{@code rollout_is: token}, truncated importance sampling: the loss of token t is multiplied by min(w_t, C);
 *   <li>{@code rollout_is: sequence}: that of every token of a sequence is multiplied by min(prod_t w_t, C);
 *   <li>{@code rollout_rs: token}: tokens with w_t outside [lower, upper] are masked; with {@code rollout_is: token}
 *       and C = upper this is IcePop;
 *   <li>{@code rollout_rs: sequence}: all tokens of a sequence with prod_t w_t outside are masked;
 *   <li>{@code rollout_rs: geometric}: the same with exp(mean_t log w_t).
 * </ul>
 *
 * <p>With a clipped surrogate on the ratio to the proximal policy this is decoupled PPO (AReaL, arXiv 2505.24298). As
 * in AReaL, masked tokens still count in the denominators of {@link LossAggregation}: a mask never makes other tokens
 * heavier. veRL removes masked tokens from them. Logarithms of ratios and of products are clamped to 20.
 *
 * @param weight level of the importance weights
 * @param threshold C
 * @param mask level of the mask
 */
public record RolloutCorrection(Level weight, double threshold, Level mask, double lower, double upper) {
    public static final RolloutCorrection NONE =
            new RolloutCorrection(Level.NONE, Double.POSITIVE_INFINITY, Level.NONE, 0, Double.POSITIVE_INFINITY);

    /** What the ratio is computed over. */
    public enum Level {
        NONE,
        TOKEN,
        SEQUENCE,
        GEOMETRIC;

        /**
         * The level that configuration files call {@code name}.
         *
         * @param key the configuration key, for the error message
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
     * The correction of one sequence; sums are over its tokens.
     *
     * @param factors (n) the factor of each token's loss
     * @param ratios sum of w before truncation
     * @param largest w before truncation
     * @param weights sum of w after truncation
     * @param squares sum of their squares
     * @param above tokens whose w was truncated
     * @param masked number of masked tokens
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
