package io.foretell.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Experience;
import io.foretell.domain.TokenArray;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DirectPreferenceTest {
    @Test
    void closedForm() {
        DirectPreference.Cost cost = DirectPreference.of(0.1, -10, -12, -9, -8);

        assertThat(cost.chosenReward()).isCloseTo(0.2, within(1e-12));
        assertThat(cost.rejectedReward()).isCloseTo(-0.1, within(1e-12));
        assertThat(cost.margin()).isCloseTo(0.3, within(1e-12));
        assertThat(cost.loss()).isCloseTo(0.55435524, within(1e-8)); // -log sigmoid(0.3)
        assertThat(cost.byChosen()).isCloseTo(-0.1 * 0.42555748, within(1e-9)); // -0.1 sigmoid(-0.3)
        assertThat(cost.byRejected()).isEqualTo(-cost.byChosen());
    }

    @Test
    void aPolicyAtItsReferencePaysLogTwo() {
        DirectPreference.Cost cost = DirectPreference.of(0.5, -3, -3, -7, -7);

        assertThat(cost.loss()).isCloseTo(Math.log(2), within(1e-15));
        assertThat(cost.byChosen()).isEqualTo(-0.25);
        assertThat(cost.margin()).isZero();
    }

    @Test
    void farMarginsAreFinite() {
        assertThat(DirectPreference.of(1, 0, -2000, -2000, 0).loss()).isZero();
        assertThat(DirectPreference.of(1, -2000, 0, 0, -2000).loss()).isEqualTo(4000);
        assertThat(DirectPreference.of(1, -2000, 0, 0, -2000).byChosen()).isEqualTo(-1);
    }

    @Test
    void derivativesAreFiniteDifferences() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            double beta = 0.05 + random.nextDouble();
            double w = -5 * random.nextDouble();
            double l = -5 * random.nextDouble();
            double wRef = -5 * random.nextDouble();
            double lRef = -5 * random.nextDouble();
            DirectPreference.Cost cost = DirectPreference.of(beta, w, wRef, l, lRef);
            double h = 1e-6;

            assertThat(cost.byChosen())
                    .as("seed %d", seed)
                    .isCloseTo(
                            (DirectPreference.of(beta, w + h, wRef, l, lRef).loss()
                                            - DirectPreference.of(beta, w - h, wRef, l, lRef)
                                                    .loss())
                                    / (2 * h),
                            within(1e-8));
            assertThat(cost.byRejected())
                    .as("seed %d", seed)
                    .isCloseTo(
                            (DirectPreference.of(beta, w, wRef, l + h, lRef).loss()
                                            - DirectPreference.of(beta, w, wRef, l - h, lRef)
                                                    .loss())
                                    / (2 * h),
                            within(1e-8));
        }
    }

    @Test
    void bothSidesOfAPairNeedAContextAndAResponse() {
        TokenArray some = TokenArray.of(1, 2);
        assertThat(Experience.preference("p", some, some, TokenArray.of(3), 0.1))
                .extracting(side -> side.tokens().length())
                .containsExactly(4, 3);
        assertThatThrownBy(() -> Experience.preference("p", TokenArray.EMPTY, some, some, 0.1))
                .hasMessageContaining("begins at token 0 of a sequence of 2");
        assertThatThrownBy(() -> Experience.preference("p", some, some, TokenArray.EMPTY, 0.1))
                .hasMessageContaining("begins at token 2 of a sequence of 2");
    }
}
