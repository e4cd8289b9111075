package io.foretell.reward;

import io.foretell.judge.Judge;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The combined rewards of a run, by name. Immutable. */
public final class Rewards {
    private final Map<String, CombinedReward> byName = new LinkedHashMap<>();

    /**
     * @param judge judge of the judged parts, owned by the caller; null if the run has none
     * @throws IllegalArgumentException with a sentence for the user, if a reward is invalid
     */
    public Rewards(Map<String, List<RewardPart>> settings, @Nullable Judge judge) {
        settings.forEach((name, parts) -> byName.put(name, new CombinedReward(name, parts, judge)));
    }

    @Nullable
    CombinedReward reward(String name) {
        return byName.get(name);
    }

    Set<String> names() {
        return byName.keySet();
    }
}
