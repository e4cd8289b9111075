package io.foretell.learner.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConfidenceIntervalTest {
    @Test
    void theIntervalIsTwiceTheStandardErrorOrSo() {
        ConfidenceInterval interval = ConfidenceInterval.of(new double[] {1, 2, 3, 4});

        // s = sqrt(5/3), s / sqrt(4) = 0.6455
        assertThat(interval.mean()).isCloseTo(2.5, within(1e-12));
        assertThat(interval.low()).isCloseTo(2.5 - 1.96 * 0.6454972, within(1e-6));
        assertThat(interval.high()).isCloseTo(2.5 + 1.96 * 0.6454972, within(1e-6));
    }

    @Test
    void oneValueHasNoWidth() {
        assertThat(ConfidenceInterval.of(new double[] {3})).isEqualTo(new ConfidenceInterval(3, 3, 3));
    }

    @Test
    void whatCannotBeIsLeftOut() {
        Map<String, Double> measures = new HashMap<>();

        new ConfidenceInterval(-0.2, 0.5, 1.2).within(0, 1).put("accuracy", measures);

        assertThat(measures)
                .isEqualTo(Map.of("heldout/accuracy", 0.5, "heldout/accuracy_low", 0.0, "heldout/accuracy_high", 1.0));
    }
}
