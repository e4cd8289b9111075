package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.buffer.Groups;
import io.foretell.domain.Reward;
import io.foretell.domain.ScoredGroup;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ShuffledRewardsTest {
    /** Groups of 4, 0, 2 and 3 rollouts whose rewards are numbered. */
    private static List<ScoredGroup> batch() {
        List<ScoredGroup> batch = new ArrayList<>();
        int number = 0;
        for (int size : new int[] {4, 0, 2, 3}) {
            List<Reward> rewards = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                rewards.add(number == 3 ? Reward.failed("lost") : Reward.of(number, Map.of("part", (double) number)));
                number++;
            }
            batch.add(Groups.rewarded("group-" + size, 0, 3, rewards.toArray(Reward[]::new)));
        }
        return batch;
    }

    private static List<Reward> rewards(List<ScoredGroup> batch) {
        return batch.stream().flatMap(group -> group.rewards().stream()).toList();
    }

    @Test
    void rewardsArePermutedOverTheBatchAndGroupsKeepTheirRollouts() {
        for (long seed = 0; seed < 50; seed++) {
            List<ScoredGroup> batch = batch();
            List<ScoredGroup> shuffled = ShuffledRewards.shuffle(batch, new SplittableRandom(seed));

            assertThat(rewards(shuffled)).as("seed %d", seed).containsExactlyInAnyOrderElementsOf(rewards(batch));
            assertThat(shuffled)
                    .extracting(ScoredGroup::group)
                    .isEqualTo(batch.stream().map(ScoredGroup::group).toList());
        }
    }

    @Test
    void everyRewardReachesEveryPlaceAboutEquallyOften() {
        long seed = 4;
        SplittableRandom random = new SplittableRandom(seed);
        List<Reward> before = rewards(batch());
        int[][] counts = new int[9][9];
        for (int round = 0; round < 9000; round++) {
            List<Reward> after = rewards(ShuffledRewards.shuffle(batch(), random));
            for (int place = 0; place < 9; place++) {
                counts[before.indexOf(after.get(place))][place]++;
            }
        }

        for (int[] row : counts) {
            for (int count : row) {
                assertThat(count).as("seed %d", seed).isBetween(850, 1150); // five standard deviations
            }
        }
    }

    @Test
    void theSameSeedShufflesTheSameWay() {
        List<ScoredGroup> one = ShuffledRewards.shuffle(batch(), new SplittableRandom(8));

        assertThat(ShuffledRewards.shuffle(batch(), new SplittableRandom(8))).isEqualTo(one);
        assertThat(ShuffledRewards.shuffle(batch(), new SplittableRandom(9))).isNotEqualTo(one);
    }

    @Test
    void anEmptyBatchStaysEmpty() {
        assertThat(ShuffledRewards.shuffle(List.of(), new SplittableRandom(1))).isEmpty();
    }
}
