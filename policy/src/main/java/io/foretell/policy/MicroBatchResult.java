package io.foretell.policy;

import io.foretell.losses.DirectPreference;
import java.util.List;

/**
 * Losses and statistics of one micro-batch.
 *
 * @param loss this micro-batch's share of the step's loss: policy-gradient tokens with their KL and entropy terms,
 *     next-token loss and pairs
 * @param pgLoss policy-gradient loss alone
 * @param klLoss divergence from the reference, without coefficient; 0 without a reference
 * @param entropyLoss entropy, without coefficient
 * @param ceLoss next-token loss
 * @param dpoLoss loss of the pairs
 * @param isFinite whether the loss and every gradient accumulated so far are finite
 * @param losses share of the loss per experience, in order; callers must not change them
 * @param sequences statistics per experience, in order
 * @param pairs statistics per pair of compared experiences, without the weight
 */
public record MicroBatchResult(
        double loss,
        double pgLoss,
        double klLoss,
        double entropyLoss,
        double ceLoss,
        double dpoLoss,
        boolean isFinite,
        double[] losses,
        List<SequenceStatistics> sequences,
        List<DirectPreference.Cost> pairs) {}
