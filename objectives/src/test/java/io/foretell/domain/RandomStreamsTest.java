package io.foretell.domain;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RandomStreamsTest {
    private static long first(long seed, String name, long number) {
        return RandomStreams.of(seed, name, number).nextLong();
    }

    @Test
    void theSameStreamGivesTheSameNumbers() {
        assertThat(first(1, "shuffle", 40)).isEqualTo(first(1, "shuffle", 40));
    }

    @Test
    void noRunStepOrNameSharesTheNumbersOfAnother() {
        Set<Long> found = new HashSet<>();
        for (long seed = 0; seed < 40; seed++) {
            for (long step = 0; step < 40; step++) {
                found.add(first(seed, "shuffle", step));
                found.add(first(seed, "selection", step));
            }
        }
        assertThat(found).hasSize(2 * 40 * 40);
        assertThat(first(1, "shuffle", 40)).isNotEqualTo(first(2, "shuffle", 9)); // equal as 31 * seed + step
    }
}
