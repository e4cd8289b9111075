package io.foretell.policy;

import io.foretell.losses.DirectPreference;
import java.util.List;

/**
 * @param loss this micro-batch's share of the step's loss: its policy-gradient tokens with the terms of KL and entropy,
 *     its next-token part and its pairs
 * @param pgLoss its policy-gradient part alone
 * @param klLoss its divergence from the reference, without coefficient; 0 without a reference
 * @param entropyLoss its entropy, without coefficient
 * @param ceLoss its next-token part
 * @param dpoLoss that of its pairs
 * @param isFinite whether the loss and every gradient accumulated so far are numbers
 * @param losses each experience's part of the loss, in order; a reader must not change them
 * @param sequences one per experience, in order
 * @param pairs one per pair of experiences that are compared, without the weight
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
