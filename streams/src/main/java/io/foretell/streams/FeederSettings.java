package io.foretell.streams;

import io.foretell.platform.Check;

/**
 * How the feeder turns documents into tasks. Immutable.
 *
 * @param groupsPerStep groups that the learner uses per step
 * @param maxOffPolicySteps maximum steps between the policy that sampled a group and the one that trains on it
 * @param strictlyOnPolicy whether every group must be sampled by the very policy that it trains
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
    private static final String EXACT = "exact";

    public FeederSettings {
        Check.that("learner.prompts_per_step", groupsPerStep, groupsPerStep >= 1, "at least 1");
        Check.that("learner.max_off_policy_steps", maxOffPolicySteps, maxOffPolicySteps >= 0, "0 or more");
        Check.that("documents.epochs", epochs, epochs >= 0, "0 or more");
        boolean isKnown = deduplicate.equals(EXACT) || deduplicate.equals("none");
        Check.that("documents.deduplicate", deduplicate, isKnown, "exact or none");
        boolean isShare = heldOutFraction >= 0 && heldOutFraction < 1;
        Check.that("documents.held_out_fraction", heldOutFraction, isShare, "0 to below 1");
    }

    boolean isExact() {
        return deduplicate.equals(EXACT);
    }

    /** Maximum tasks issued and neither used nor dropped. */
    long window() {
        return (strictlyOnPolicy ? 1L : maxOffPolicySteps + 1L) * groupsPerStep;
    }
}
