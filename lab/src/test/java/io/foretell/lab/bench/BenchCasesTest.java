package io.foretell.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.huggingface.PolicyException;
import io.foretell.lab.bench.Stopwatch.Turns;
import io.foretell.policy.Precision;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BenchCasesTest {
    private static final ModelPeak PEAK = new ModelPeak(100, 200, 10);

    @Test
    void aSampledTokenIsTwoOperationsAWeightAndATrainedOneSix() {
        long weights = 1_000_000_000;
        assertThat(PEAK.sampling(Precision.FLOAT32, weights, 50, 2)).isCloseTo(0.5, within(1e-12));
        assertThat(PEAK.sampling(Precision.BFLOAT16, weights, 50, 2)).isCloseTo(0.25, within(1e-12));
        assertThat(PEAK.training(Precision.FLOAT32, weights, 10, 2)).isCloseTo(0.3, within(1e-12));
        assertThat(PEAK.training(Precision.FP8_EMULATED, weights, 10, 2)).isCloseTo(0.15, within(1e-12));
    }

    @Test
    void aTokenReadsEveryWeightInItsPrecision() {
        assertThat(ModelPeak.read(Precision.FLOAT32, 1_000_000_000, 64, 16)).isCloseTo(16, within(1e-12));
        assertThat(ModelPeak.read(Precision.BFLOAT16, 1_000_000_000, 64, 16)).isCloseTo(8, within(1e-12));
    }

    @Test
    void paddingRaisesEachToTheLongestOfItsBatch() {
        assertThat(SamplingCases.padded(List.of(3, 9, 1, 4, 2), 2)).containsExactly(9, 9, 4, 4, 2);
    }

    @Test
    void aCaseStandsForAllItsVariants() {
        List<BenchCases.Case> all = List.of(empty("one float32"), empty("one bfloat16"), empty("two float32"));
        assertThat(BenchCases.wanted(all, null)).isEqualTo(all);
        assertThat(BenchCases.wanted(all, Set.of("one"))).containsExactly(all.get(0), all.get(1));
        assertThatThrownBy(() -> BenchCases.wanted(all, Set.of("three")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'three'; known are [one, two]");
    }

    private static BenchCases.Case empty(String name) {
        return new BenchCases.Case(name, BenchReport.Figures::new);
    }

    @Test
    void oneThatFailsDoesNotStopTheOthers() {
        BenchReport report = new BenchReport("test", PEAK.figures());
        BenchCases.Case failing = new BenchCases.Case("failing", () -> {
            throw new PolicyException("no room");
        });
        BenchCases.run(List.of(failing, empty("fine")), report);
        assertThat(report.isFailed()).isTrue();
        assertThat(report.json()).contains("no room").contains("{\"name\":\"fine\"}");
    }

    @Test
    void theMedianOfSeveralRoundsCounts() {
        List<String> turns = new ArrayList<>();
        double[] times = {3, 1, 2};
        double[] others = {9, 4, 4};
        Turns taken = Stopwatch.inTurns(
                3,
                () -> {
                    turns.add("a");
                    return times[turns.size() / 2];
                },
                () -> {
                    turns.add("b");
                    return others[turns.size() / 2 - 1];
                });
        assertThat(turns).containsExactly("a", "b", "a", "b", "a", "b");
        assertThat(taken.median(0)).isEqualTo(2);
        assertThat(taken.median(1)).isEqualTo(4);
        assertThat(taken.timesAsFast(0, 1)).as("of 3, 4 and 2").isEqualTo(3);
    }

    @Test
    void theHighWaterMarkIsOfTheWorkAlone() {
        ResidentMemory first = ResidentMemory.during(() -> ByteBuffer.allocateDirect(96 << 20));
        assertThat(first.added()).isGreaterThan(64 << 20);
        ResidentMemory second = ResidentMemory.during(() -> ByteBuffer.allocateDirect(1 << 10));
        assertThat(second.added()).isLessThan(64 << 20);
    }
}
