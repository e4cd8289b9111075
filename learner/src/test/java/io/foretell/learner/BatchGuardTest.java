package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class BatchGuardTest {
    private static final List<Double> LEVEL = List.of(1.0, 1.2, 0.8, 1.0); // mean 1, standard deviation 0.1633

    private static BatchGuard guard(Double zScore) {
        BatchGuard guard = new BatchGuard(new BatchGuard.Settings(zScore, 4, 2));
        guard.restart(LEVEL);
        return guard;
    }

    @Test
    void whatIsNoNumberIsRefusedWithoutAnyRule() {
        BatchGuard guard = guard(null);
        assertThat(guard.refusal(Double.NaN)).isEqualTo("its loss is NaN");
        assertThat(guard.refusal(Double.POSITIVE_INFINITY)).isEqualTo("its loss is Infinity");
        assertThat(guard.refusal(1e9)).isEmpty();
    }

    @Test
    void aSpikeIsSoManyStandardDeviationsAboveTheMean() {
        assertThat(guard(3.0).refusal(1 + 3.01 * 0.16330)).contains("standard deviations above the mean of the last 4");
        assertThat(guard(3.0).refusal(1 + 2.99 * 0.16330)).isEmpty();
        assertThat(guard(3.0).refusal(-5)).as("below is no spike").isEmpty();
    }

    @Test
    void aSpikeDoesNotCountAmongTheLatest() {
        BatchGuard guard = guard(3.0);
        guard.refusal(50);
        assertThat(guard.recent()).isEqualTo(LEVEL);
        guard.refusal(1.1);
        assertThat(guard.recent()).containsExactly(1.2, 0.8, 1.0, 1.1);
    }

    @Test
    void beforeTheWindowIsFullNothingIsASpike() {
        BatchGuard guard = guard(3.0);
        guard.restart(LEVEL.subList(0, 3));
        assertThat(guard.refusal(50)).isEmpty();
    }

    @Test
    void anotherLevelIsAcceptedAfterSoManyInARow() {
        BatchGuard guard = guard(3.0);
        assertThat(guard.refusal(50)).isNotEmpty();
        assertThat(guard.refusal(50)).isNotEmpty();
        assertThat(guard.refusal(50)).as("the third in a row").isEmpty();
        assertThat(guard.recent()).containsExactly(50.0);
        assertThat(guard.refusal(90)).as("a new window").isEmpty();
    }

    @Test
    void amongEqualLossesRoundingIsNoSpike() {
        BatchGuard guard = guard(6.0);
        guard.restart(List.of(2.0, 2.0, 2.0, 2.0));
        assertThat(guard.refusal(2.0 + 1e-12)).isEmpty();
        assertThat(guard.refusal(2.1)).isNotEmpty();
    }
}
