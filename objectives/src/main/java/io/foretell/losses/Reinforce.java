package io.foretell.losses;

/**
 * Loss mode {@code gpg}: {@code loss = -A log p}, plain REINFORCE (Williams 1992) on group advantages (GPG, arXiv
 * 2504.02546). It has no ratio: correct for stale samples with {@link RolloutCorrection}.
 */
public record Reinforce() implements TokenLoss {
    @Override
    public double loss(double logProb, double oldLogProb, double advantage) {
        return -advantage * logProb;
    }

    @Override
    public double derivative(double logProb, double oldLogProb, double advantage) {
        return -advantage;
    }

    @Override
    public Clip clip(double logProb, double oldLogProb, double advantage) {
        return Clip.NONE;
    }
}
