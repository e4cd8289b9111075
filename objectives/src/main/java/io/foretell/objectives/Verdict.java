package io.foretell.objectives;

/**
 * A judge's answer.
 *
 * @param status OK, or why there is no answer
 * @param score meaning as the judge's role defines it; meaningless unless {@code status} is OK
 * @param reason the judge's words, or one sentence on what failed
 */
public record Verdict(RewardStatus status, double score, String reason) {}
