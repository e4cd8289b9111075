package io.foretell.domain;

import java.util.Map;

/**
 * A judge's answer.
 *
 * @param status OK, or why there is no answer
 * @param score defined by the judge's role, NaN for roles that write text; meaningless unless {@code status} is OK
 * @param reason the judge's explanation, the text it was asked for, or one sentence about the failure
 * @param parts the parts of the score, by name
 */
public record Verdict(RewardStatus status, double score, String reason, Map<String, Double> parts) {
    public Verdict {
        parts = Map.copyOf(parts);
    }

    public Verdict(RewardStatus status, double score, String reason) {
        this(status, score, reason, Map.of());
    }
}
