package io.foretell.buffer;

import io.foretell.domain.Reward;
import io.foretell.domain.Rollout;
import io.foretell.domain.ScoredGroup;
import io.foretell.losses.AdvantageEstimator;
import io.foretell.objectives.Objective;
import io.foretell.streams.Codec;
import io.foretell.streams.UnreadableRecordException;
import java.util.List;

/** What the buffer asks of a group that comes in. Pure functions. */
public final class AdmissionPolicy {
    private AdmissionPolicy() {}

    /**
     * The group in {@code bytes}.
     *
     * @throws UnreadableRecordException when it is none, or one without an id or phase
     */
    static ScoredGroup read(Codec<ScoredGroup> codec, byte[] bytes) {
        ScoredGroup group = codec.decode(bytes);
        if (group.id().isEmpty() || group.task().phase() < 0) {
            throw new UnreadableRecordException("a scored group has id '" + group.id() + "' and phase "
                    + group.task().phase());
        }
        return group;
    }

    /**
     * Why nothing can be learnt from the group; empty when something can.
     *
     * @param filterGroups whether one whose rewards are all equal is refused
     */
    static String refusal(ScoredGroup group, boolean filterGroups) {
        List<Reward> rewards = group.rewards();
        long known = rewards.stream().filter(Reward::isOk).count();
        if (rewards.isEmpty()) {
            return "";
        }
        if (known >= 2) {
            return filterGroups && AdvantageEstimator.isZero(group) ? "all rewards are equal" : "";
        }
        return "no reward: "
                + rewards.stream()
                        .filter(reward -> !reward.isOk())
                        .map(reward ->
                                reward.reason().isBlank() ? reward.status().name() : reward.reason())
                        .findFirst()
                        .orElse("the group has a single rollout, and an advantage needs two");
    }

    /** Why nothing can be learnt from any group of a family; empty when something can. */
    public static String refusal(List<ScoredGroup> family, boolean filterGroups) {
        List<String> reasons =
                family.stream().map(group -> refusal(group, filterGroups)).toList();
        return reasons.contains("") ? "" : reasons.get(0);
    }

    /**
     * Why the family is not wanted at {@code step} of its phase; empty when it is.
     *
     * @param filterGroups whether families in which all rewards of each group are equal are refused whatever the objective
     *     wants
     */
    public static String refusal(List<ScoredGroup> family, Objective objective, long step, boolean filterGroups) {
        return refusal(
                GroupBundle.settled(family, group -> objective), filterGroups || objective.replacesEqualRewards(step));
    }

    /** The oldest policy version among all tokens of a family; -1 when nothing was sampled. */
    public static long oldestVersion(List<ScoredGroup> family) {
        return family.stream()
                .flatMap(group -> group.group().rollouts().stream())
                .mapToLong(Rollout::oldestVersion)
                .filter(version -> version >= 0)
                .min()
                .orElse(-1);
    }
}
