package io.foretell.losses;

/**
 * DPO, Direct Preference Optimization (Rafailov et al., arXiv 2305.18290, equation 7), of one pair of responses to the same
 * context:
 *
 * <pre>
 * r_w = beta [ log pi_theta(y_w | x) - log pi_ref(y_w | x) ]      implicit reward of the chosen response, r_l of the rejected
 * L   = -log sigmoid(r_w - r_l)
 * dL / d log pi_theta(y_w | x) = -beta sigmoid(r_l - r_w) = -dL / d log pi_theta(y_l | x)
 * </pre>
 *
 * <p>Log-probabilities are sums over the response's tokens, in nats, at temperature 1. Pure functions.
 */
public final class DirectPreference {
    private DirectPreference() {}

    /**
     * The loss of one pair.
     *
     * @param loss L, 0 to infinity; log 2 if both responses are equally far from the reference
     * @param byChosen derivative of L with respect to the chosen response's log-probability, -beta to 0
     * @param byRejected the same for the rejected response, 0 to beta
     * @param chosenReward r_w
     * @param rejectedReward r_l
     */
    public record Cost(double loss, double byChosen, double byRejected, double chosenReward, double rejectedReward) {
        public double margin() {
            return chosenReward - rejectedReward;
        }
    }

    /**
     * The loss of one pair.
     *
     * @param chosen log pi_theta(y_w | x)
     * @param chosenReference log pi_ref(y_w | x)
     * @param rejected log pi_theta(y_l | x)
     * @param rejectedReference log pi_ref(y_l | x)
     */
    public static Cost of(
            double beta, double chosen, double chosenReference, double rejected, double rejectedReference) {
        double chosenReward = beta * (chosen - chosenReference);
        double rejectedReward = beta * (rejected - rejectedReference);
        double margin = chosenReward - rejectedReward;
        double loss = Math.max(-margin, 0) + Math.log1p(Math.exp(-Math.abs(margin))); // log(1 + e^-margin)
        double slope = beta / (1 + Math.exp(margin));
        return new Cost(loss, -slope, slope, chosenReward, rejectedReward);
    }
}
