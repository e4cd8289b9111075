package io.foretell.learner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KlControlTest {
    private static KlControl control(String type) {
        return new KlControl(new KlControl.Settings(type, 0.5, 10_000, 0.1));
    }

    @ParameterizedTest
    @CsvSource({
        "0.1,   512, 0.5", // on target
        "0.11,  512, 0.50256", // 0.5 (1 + 0.1 * 512 / 10000)
        "0.095, 512, 0.49872", // 0.5 (1 - 0.05 * 512 / 10000)
        "0.12,  512, 0.50512", // where clipping begins
        "7,     512, 0.50512",
        "0,     512, 0.49488",
        "-3,    512, 0.49488", // k1 can be negative
        "0.11,    0, 0.5",
        "NaN,   512, 0.5",
        "0, 1000000, 0", // never below 0
    })
    void anAdaptiveCoefficientFollowsTheClippedError(double kl, int sequences, double expected) {
        KlControl control = control("adaptive");

        control.update(kl, sequences);

        assertThat(control.coefficient()).isCloseTo(expected, within(1e-12));
    }

    @Test
    void aConstantErrorCompounds() {
        KlControl control = control("adaptive");
        for (int step = 0; step < 1000; step++) {
            control.update(1, 64);
        }

        assertThat(control.coefficient()).isCloseTo(0.5 * Math.pow(1.00128, 1000), within(1e-9));
    }

    @Test
    void aFixedCoefficientStays() {
        KlControl control = control("fixed");
        control.update(7, 512);
        control.restore(0.3);

        assertThat(control.coefficient()).isEqualTo(0.5);
    }

    @Test
    void anAdaptiveCoefficientGoesOnWhereItWas() {
        KlControl first = control("adaptive");
        first.update(0.2, 512);
        KlControl second = control("adaptive");

        second.restore(first.coefficient());
        first.update(0.05, 512);
        second.update(0.05, 512);

        assertThat(second.coefficient()).isEqualTo(first.coefficient()).isNotEqualTo(0.5);
    }
}
