package io.foretell.lab.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class KolmogorovSmirnovTest {
    @Test
    void theStatisticIsTheLargestDistanceOfTheDistributions() {
        KolmogorovSmirnov test =
                KolmogorovSmirnov.of(new double[] {1, 2, 3, 4}, new double[] {2.5, 2.6, 3.5, 4.5, 5.5});
        assertThat(test.statistic()).isCloseTo(0.5, within(1e-12)); // at 2: 2 of 4 and none of 5
    }

    @Test
    void theProbabilityIsThatOfTheLimitingDistribution() {
        // Q(1.0) = 0.26999967..., Smirnov's table; n1 = n2 = 2e6 makes the argument 1000 D
        double[] first = new double[2_000_000];
        double[] second = new double[2_000_000];
        for (int i = 0; i < first.length; i++) {
            first[i] = i;
            second[i] = i + 2000.5;
        }
        KolmogorovSmirnov test = KolmogorovSmirnov.of(first, second);
        assertThat(test.statistic()).isCloseTo(2001 / 2e6, within(1e-9));
        assertThat(test.probability()).isCloseTo(0.2700, within(2e-3));
    }

    @Test
    void aSystemThatLosesLongThoughtsIsCaughtAndOneThatDoesNotIsNot() {
        Random random = new Random(1);
        double[] produced = random.ints(4000, 1, 25).asDoubleStream().toArray();
        double[] kept = random.ints(4000, 1, 25).asDoubleStream().toArray();
        double[] biased = random.ints(4000, 1, 25)
                .filter(length -> length < 12 || random.nextInt(10) > 1)
                .asDoubleStream()
                .toArray();
        assertThat(KolmogorovSmirnov.of(produced, kept).probability()).isGreaterThan(0.05);
        assertThat(KolmogorovSmirnov.of(produced, biased).probability()).isLessThan(0.001);
    }

    @Test
    void equalSamplesAreEqualAndEmptyOnesAreRefused() {
        double[] some = {3, 1, 1, 2};
        assertThat(KolmogorovSmirnov.of(some, some)).isEqualTo(new KolmogorovSmirnov(0, 1));
        assertThatThrownBy(() -> KolmogorovSmirnov.of(some, new double[0])).hasMessageContaining("4 and 0 values");
    }
}
