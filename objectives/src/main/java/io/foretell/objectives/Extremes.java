package io.foretell.objectives;

import io.foretell.domain.Reward;
import io.foretell.domain.ScoredGroup;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * The best and the worst response of a group, by reward. Ties are broken at random, seeded by the task, so neither
 * position nor origin decides.
 *
 * @param best index of a response with the largest reward
 * @param worst index of a response with the smallest reward
 */
public record Extremes(int best, int worst) {
    private static final double NOISE = 1e-9; // of sums in different orders

    /** Empty if fewer than two rewards are available or all are equal: the group then carries no signal. */
    public static Optional<Extremes> of(ScoredGroup group) {
        SplittableRandom random = new SplittableRandom(group.task().seed());
        int best = largest(group.rewards(), Reward::total, random);
        int worst = largest(group.rewards(), reward -> -reward.total(), random);
        boolean isSpread = best >= 0
                && group.rewards().get(best).total()
                                - group.rewards().get(worst).total()
                        > NOISE;
        return isSpread ? Optional.of(new Extremes(best, worst)) : Optional.empty();
    }

    private static int largest(List<Reward> rewards, ToDoubleFunction<Reward> value, SplittableRandom random) {
        double most =
                rewards.stream().filter(Reward::isOk).mapToDouble(value).max().orElse(Double.NaN);
        int[] equals = IntStream.range(0, rewards.size())
                .filter(i -> rewards.get(i).isOk() && most - value.applyAsDouble(rewards.get(i)) <= NOISE)
                .toArray();
        return equals.length == 0 ? -1 : equals[random.nextInt(equals.length)];
    }
}
