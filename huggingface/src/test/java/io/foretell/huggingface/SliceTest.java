package io.foretell.huggingface;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SliceTest {
    @Test
    void slicesCoverATensorOnce() {
        for (List<Integer> shape : List.of(
                List.of(10), List.of(7, 3), List.of(5, 2, 4), List.of(1, 100), List.of(0, 3), List.<Integer>of())) {
            for (int most : new int[] {1, 4, 6, 9, 1000}) {
                int next = 0;
                for (Slice slice : Slice.of(shape, most)) {
                    assertThat(slice.from()).isEqualTo(next);
                    assertThat(slice.shape()).hasSameSizeAs(shape);
                    if (!shape.isEmpty()) {
                        next += slice.shape().get(0);
                        assertThat(slice.shape().subList(1, shape.size())).isEqualTo(shape.subList(1, shape.size()));
                        assertThat(slice.shape().get(0) <= 1 || slice.size() <= most)
                                .as("%s of %s", slice, shape)
                                .isTrue();
                    }
                }
                assertThat(next).isEqualTo(shape.isEmpty() ? 0 : shape.get(0));
            }
        }
        assertThat(Slice.of(List.of(Integer.MAX_VALUE, 1024))).hasSize(131_072);
    }
}
