package io.foretell.losses;

/**
 * The KL divergence from a reference policy as a loss term: {@code coefficient sum_t w_t kl_t}, with the weights of
 * {@link LossAggregation}. In the straight-through form (a name ending in +, as veRL's k3+) the value is the
 * estimator's and the derivative is that of {@link KlEstimator#K2}.
 *
 * @param coefficient {@code kl_loss_coef}; 0 for no term
 */
public record KlTerm(KlEstimator estimator, boolean straightThrough, double coefficient) {
    public static final KlTerm NONE = new KlTerm(KlEstimator.K3, false, 0);

    /**
     * The term that configuration files call {@code type}.
     *
     * @throws IllegalArgumentException with a sentence for the user, when there is none of that name
     */
    public static KlTerm parse(String type, double coefficient) {
        boolean straight = type.endsWith("+");
        String name = straight ? type.substring(0, type.length() - 1) : type;
        try {
            return new KlTerm(KlEstimator.parse("learner.kl_loss_type", name), straight, coefficient);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + ", with + behind it for the gradient of k2", e);
        }
    }

    public boolean isUsed() {
        return coefficient != 0;
    }

    /** The derivative that the optimizer sees, without the coefficient. */
    double derivative(double d) {
        return (straightThrough ? KlEstimator.K2 : estimator).derivative(d);
    }
}
