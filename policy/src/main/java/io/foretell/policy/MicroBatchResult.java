package io.foretell.policy;

import java.util.List;

/**
 * @param loss this micro-batch's share of the step's loss
 * @param pgLoss its policy-gradient part
 * @param ceLoss its next-token part
 * @param isFinite whether the loss and every gradient accumulated so far are numbers
 * @param sequences one per experience, in order
 */
public record MicroBatchResult(
        double loss, double pgLoss, double ceLoss, boolean isFinite, List<SequenceStatistics> sequences) {}
