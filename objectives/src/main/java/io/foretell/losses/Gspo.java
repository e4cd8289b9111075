package io.foretell.losses;

/**
 * Loss mode {@code gspo}: one ratio per sequence, {@code s = exp(mean_t (new_t - old_t))}, the exponent clamped to 20
 * in magnitude, and {@code loss_t = -min(s A_t, clip(s, 1 - low, 1 + high) A_t)} for each token (arXiv 2507.18071,
 * equation 5). Its bounds are far narrower than token-level bounds: the paper's are 3e-4 and 4e-4.
 *
 * <p>The derivative is that of the sequence loss, {@code -(s/n) sum_u w_u A_u} over unclipped tokens u, the same for
 * every token. veRL's token form {@code sg[s] exp(lp - sg[lp])} has the same derivative if weight and advantage are
 * equal for all tokens of a sequence.
 *
 * @param low the ratio is kept above 1 - low
 * @param high the ratio is kept below 1 + high
 */
public record Gspo(double low, double high) implements PolicyLoss {
    @Override
    public Surrogate surrogate(PolicyGradientTokens tokens, double[] weights) {
        int n = tokens.size();
        double log = 0;
        for (int t = 0; t < n; t++) {
            log += (tokens.logProbs()[t] - tokens.proximal()[t]) / n;
        }
        double s = Math.exp(LogRatio.clamp(log));
        double kept = Math.max(1 - low, Math.min(1 + high, s));
        double loss = 0;
        double slope = 0;
        int below = 0;
        int above = 0;
        for (int t = 0; t < n; t++) {
            double advantage = tokens.advantages()[t];
            Clip clip = Clip.of(s, advantage, low, high);
            loss -= weights[t] * Math.min(s * advantage, kept * advantage);
            slope -= clip == Clip.NONE ? weights[t] * s * advantage : 0;
            below += clip == Clip.LOW ? 1 : 0;
            above += clip == Clip.HIGH ? 1 : 0;
        }
        double[] derivatives = new double[n];
        java.util.Arrays.fill(derivatives, LogRatio.isFlat(log) ? 0 : slope / n);
        return new Surrogate(loss, derivatives, below, above, 0);
    }
}
