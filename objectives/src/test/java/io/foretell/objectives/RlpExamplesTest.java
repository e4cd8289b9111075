package io.foretell.objectives;

import static io.foretell.objectives.Fixtures.END;
import static io.foretell.objectives.Fixtures.counting;
import static io.foretell.objectives.Fixtures.document;
import static io.foretell.objectives.Fixtures.settings;
import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.domain.Example;
import io.foretell.domain.TokenArray;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RlpExamplesTest {
    private static Example cut(Rlp rlp, TokenArray tokens, long seed) {
        List<Example> cuts = rlp.examples(document(""), tokens, new SplittableRandom(seed));
        assertThat(cuts).as("seed %d", seed).hasSize(1);
        return cuts.get(0);
    }

    @Test
    void positionsAreUniformOverTheAllowedOnes() {
        long seed = 20251001;
        Rlp rlp = new Rlp(settings(64, Map.of("min_prefix", 3, "horizon", 2)));
        TokenArray tokens = counting(20).append(END);
        SplittableRandom random = new SplittableRandom(seed);
        int[] counts = new int[21];
        int draws = 32_000;
        for (int i = 0; i < draws; i++) {
            counts[rlp.examples(document(""), tokens, random).get(0).prompt().length()]++;
        }

        double expected = draws / 16.0; // t = 3 to 18
        double chiSquare = 0;
        for (int t = 0; t < counts.length; t++) {
            if (t < 3 || t > 18) {
                assertThat(counts[t]).as("position %d, seed %d", t, seed).isZero();
            } else {
                chiSquare += (counts[t] - expected) * (counts[t] - expected) / expected;
            }
        }
        // 15 degrees of freedom: above 37.7 once in a thousand.
        assertThat(chiSquare).as("chi-square, seed %d", seed).isLessThan(37.7);
    }

    @Test
    void aCutShowsWhatComesBeforeAndAsksForTheNextTokens() {
        Rlp rlp = new Rlp(settings(64, Map.of("horizon", 3)));
        for (long seed = 0; seed < 200; seed++) {
            Example cut = cut(rlp, counting(12), seed);

            assertThat(cut.target().length()).isEqualTo(3);
            assertThat(cut.prompt().concat(cut.target()))
                    .as("seed %d", seed)
                    .isEqualTo(counting(cut.prompt().length() + 3));
        }
    }

    @Test
    void theEndOfTextIsNeverAskedFor() {
        Rlp rlp = new Rlp(settings(64, Map.of()));
        TokenArray tokens = counting(5).append(END);
        for (long seed = 0; seed < 500; seed++) {
            assertThat(cut(rlp, tokens, seed).target()).as("seed %d", seed).isNotEqualTo(TokenArray.of(END));
        }
    }

    @Test
    void theLastTokenIsAskedForWhereTheVocabularyHasNoEnd() {
        Fixtures.Numbers endless = new Fixtures.Numbers(Fixtures.Numbers.TAGGED.tags(), OptionalInt.empty());
        Rlp rlp = new Rlp(new ObjectiveSettings(endless, 4, 1f, 64, 8, Map.of("min_prefix", 4)));

        Example cut = cut(rlp, counting(5), 1);

        assertThat(cut).isEqualTo(new Example(counting(4), TokenArray.of(4)));
    }

    @Test
    void documentsThatAreTooShortGiveNothing() {
        Rlp rlp = new Rlp(settings(64, Map.of("min_prefix", 3, "horizon", 2)));
        SplittableRandom random = new SplittableRandom(1);

        assertThat(rlp.examples(document(""), TokenArray.EMPTY, random)).isEmpty();
        assertThat(rlp.examples(document(""), TokenArray.of(END), random)).isEmpty();
        assertThat(rlp.examples(document(""), counting(4), random)).isEmpty();
        assertThat(rlp.examples(document(""), counting(4).append(END), random)).isEmpty();
        assertThat(rlp.examples(document(""), counting(5).append(END), random))
                .containsExactly(new Example(counting(3), TokenArray.of(3, 4)));
    }

    @Test
    void aLongPromptLosesItsBeginning() {
        Rlp rlp = new Rlp(settings(6, Map.of("min_prefix", 40)));
        for (long seed = 0; seed < 50; seed++) {
            Example cut = cut(rlp, counting(60), seed);
            int t = cut.target().at(0);

            assertThat(t).as("seed %d", seed).isGreaterThanOrEqualTo(40);
            assertThat(cut.prompt())
                    .as("seed %d", seed)
                    .isEqualTo(TokenArray.of(t - 6, t - 5, t - 4, t - 3, t - 2, t - 1));
        }
    }

    @Test
    void documentsToBeRehearsedAreNotCut() {
        Rlp rlp = new Rlp(settings(6, Map.of("rehearse", List.of("plain"))));
        SplittableRandom random = new SplittableRandom(1);

        assertThat(rlp.examples(document("plain"), counting(4).append(END), random))
                .containsExactly(new Example(TokenArray.EMPTY, counting(4).append(END)));
        assertThat(rlp.examples(document("plain"), counting(30), random))
                .containsExactly(new Example(TokenArray.EMPTY, counting(7)));
        assertThat(rlp.examples(document("plain"), counting(1), random)).isEmpty();
        assertThat(cut(rlp, counting(30), 3).prompt().isEmpty()).isFalse();
    }

    @Test
    void theSameSeedCutsTheSameWay() {
        Rlp rlp = new Rlp(settings(64, Map.of()));

        assertThat(cut(rlp, counting(50), 9)).isEqualTo(cut(rlp, counting(50), 9));
    }
}
