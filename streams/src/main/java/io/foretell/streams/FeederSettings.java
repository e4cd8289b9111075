package io.foretell.streams;

/**
 * How the feeder feeds.
 *
 * @param groupsPerStep groups that the learner uses per step
 * @param maxOffPolicySteps steps that a group may lie behind the policy that trains on it
 * @param strictlyOnPolicy whether every group must come from exactly the policy it trains
 * @param deduplicate "exact" or "none"
 * @param epochs passes over the documents; 0 for as many as the phases need
 * @param heldOutFraction share of documents kept away from training, 0 to below 1
 */
public record FeederSettings(
        int groupsPerStep,
        int maxOffPolicySteps,
        boolean strictlyOnPolicy,
        String deduplicate,
        int epochs,
        double heldOutFraction) {
    public FeederSettings {
        if (groupsPerStep < 1 || maxOffPolicySteps < 0 || epochs < 0) {
            throw new IllegalArgumentException("a feeder of " + groupsPerStep + " groups per step, " + maxOffPolicySteps
                    + " off-policy steps and " + epochs + " epochs is not possible");
        }
        if (!deduplicate.equals("exact") && !deduplicate.equals("none")) {
            throw new IllegalArgumentException(
                    "documents.deduplicate is '" + deduplicate + "' but must be 'exact' or 'none'");
        }
        if (!(heldOutFraction >= 0 && heldOutFraction < 1)) {
            throw new IllegalArgumentException(
                    "documents.held_out_fraction is " + heldOutFraction + " but must be from 0 to below 1");
        }
    }

    boolean isExact() {
        return deduplicate.equals("exact");
    }

    /** Most tasks issued and neither used nor dropped. */
    long window() {
        return (strictlyOnPolicy ? 1L : maxOffPolicySteps + 1L) * groupsPerStep;
    }
}
