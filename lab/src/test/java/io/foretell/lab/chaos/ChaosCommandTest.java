package io.foretell.lab.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.apache.commons.statistics.inference.KolmogorovSmirnovTest.TwoResult;
import org.junit.jupiter.api.Test;

class ChaosCommandTest {
    @Test
    void theStatisticIsTheLargestDistanceOfTheDistributions() {
        TwoResult test = ChaosCommand.compare(new double[] {1, 2, 3, 4}, new double[] {2.5, 2.6, 3.5, 4.5, 5.5});
        assertThat(test.getStatistic()).isCloseTo(0.5, within(1e-12)); // at 2: 2 of 4 and none of 5
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
        assertThat(ChaosCommand.compare(produced, kept).getPValue()).isGreaterThan(0.05);
        assertThat(ChaosCommand.compare(produced, biased).getPValue()).isLessThan(0.001);
    }
}
