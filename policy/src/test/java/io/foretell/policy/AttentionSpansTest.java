package io.foretell.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AttentionSpansTest {
    @Test
    void rowsOfOneLengthAreOneSpan() {
        long[] filled = new long[64];
        Arrays.fill(filled, 40);
        assertThat(AttentionSpans.of(filled)).containsExactly(64, 40);
        assertThat(AttentionSpans.of(new long[] {7})).containsExactly(1, 7);
    }

    @Test
    void oldRowsDoNotMakeYoungOnesPay() {
        long[] filled = new long[64];
        Arrays.fill(filled, 0, 24, 200);
        Arrays.fill(filled, 24, 64, 30);
        filled[40] = 31;
        assertThat(AttentionSpans.of(filled)).containsExactly(24, 200, 64, 31);
    }

    @Test
    void noOtherCutCostsLess() {
        for (long seed = 0; seed < 40; seed++) {
            Random random = new Random(seed);
            long[] filled = random.longs(1 + random.nextInt(11), 0, 300).toArray();
            long least = Long.MAX_VALUE;
            for (int cuts = 0; cuts < 1 << (filled.length - 1); cuts++) {
                long cost = 0;
                int first = 0;
                for (int r = 0; r < filled.length; r++) {
                    if (r == filled.length - 1 || (cuts >> r & 1) == 1) {
                        cost += cost(filled, first, r + 1);
                        first = r + 1;
                    }
                }
                least = Math.min(least, cost);
            }
            assertThat(cost(filled, AttentionSpans.of(filled)))
                    .as("seed %d", seed)
                    .isEqualTo(least);
        }
    }

    @Test
    void manyRowsAreCutToo() {
        long[] filled = new Random(3).longs(1000, 0, 20).toArray();
        Arrays.fill(filled, 0, 333, 500);
        long[] spans = AttentionSpans.of(filled);
        assertThat(spans[spans.length - 2]).isEqualTo(1000);
        assertThat(cost(filled, spans)).isLessThan(1000L * 501 * 45 / 100);
    }

    private static long cost(long[] filled, long[] spans) {
        long cost = 0;
        int first = 0;
        for (int i = 0; i < spans.length; i += 2) {
            int behind = (int) spans[i];
            assertThat(spans[i + 1])
                    .isEqualTo(Arrays.stream(filled, first, behind).max().orElseThrow());
            cost += cost(filled, first, behind);
            first = behind;
        }
        assertThat(first).isEqualTo(filled.length);
        return cost;
    }

    private static long cost(long[] filled, int first, int behind) {
        long widest = Arrays.stream(filled, first, behind).max().orElseThrow();
        return (behind - first) * (widest + 1) + AttentionSpans.PRICE;
    }
}
