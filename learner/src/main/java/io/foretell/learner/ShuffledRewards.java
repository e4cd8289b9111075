package io.foretell.learner;

import io.foretell.domain.Reward;
import io.foretell.domain.ScoredGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The control that must not learn ({@code reward.shuffle}): rewards are permuted over all rollouts of a batch, so their
 * distribution stays and what they say about a thought is gone.
 */
public final class ShuffledRewards {
    private ShuffledRewards() {}

    public static List<ScoredGroup> shuffle(List<ScoredGroup> batch, RandomGenerator random) {
        List<Reward> pool = new ArrayList<>();
        batch.forEach(group -> pool.addAll(group.rewards()));
        for (int i = pool.size() - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            Reward swapped = pool.get(i);
            pool.set(i, pool.get(j));
            pool.set(j, swapped);
        }
        List<ScoredGroup> shuffled = new ArrayList<>();
        int from = 0;
        for (ScoredGroup group : batch) {
            int to = from + group.rewards().size();
            shuffled.add(group.withRewards(pool.subList(from, to)));
            from = to;
        }
        return shuffled;
    }
}
