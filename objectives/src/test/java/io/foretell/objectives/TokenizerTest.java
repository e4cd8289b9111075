package io.foretell.objectives;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

/** Begin-of-text and end-of-text, with a vocabulary that has both, one or none of them. */
class TokenizerTest {
    private static final int BEGIN = 1;
    private static final int END = 2;
    private static final Tokenizer BOTH = tokenizer(OptionalInt.of(BEGIN), OptionalInt.of(END));
    private static final Tokenizer NONE = tokenizer(OptionalInt.empty(), OptionalInt.empty());

    private static Tokenizer tokenizer(OptionalInt begin, OptionalInt end) {
        Tokenizer numbers = new Fixtures.Numbers(Map.of(), end);
        return new Tokenizer() {
            @Override
            public TokenArray encode(String text) {
                return numbers.encode(text);
            }

            @Override
            public String decode(TokenArray tokens) {
                return numbers.decode(tokens);
            }

            @Override
            public OptionalInt idOf(String token) {
                return numbers.idOf(token);
            }

            @Override
            public OptionalInt beginOfText() {
                return begin;
            }

            @Override
            public OptionalInt endOfText() {
                return end;
            }

            @Override
            public int vocabularySize() {
                return numbers.vocabularySize();
            }

            @Override
            public String fingerprint() {
                return numbers.fingerprint();
            }
        };
    }

    @Test
    void bothEndsAreTakenOffOnlyWhereTheyStand() {
        assertThat(BOTH.withoutEnds(TokenArray.of(BEGIN, 7, 8, END))).isEqualTo(TokenArray.of(7, 8));
        assertThat(BOTH.withoutEnds(TokenArray.of(7, BEGIN, END, 8))).isEqualTo(TokenArray.of(7, BEGIN, END, 8));
        assertThat(BOTH.withoutEnds(TokenArray.of(END, 7, BEGIN))).isEqualTo(TokenArray.of(END, 7, BEGIN));
        assertThat(BOTH.withoutEnds(TokenArray.of(BEGIN, BEGIN, END, END))).isEqualTo(TokenArray.of(BEGIN, END));
        assertThat(BOTH.withoutEnds(TokenArray.of(BEGIN))).isEqualTo(TokenArray.EMPTY);
        assertThat(BOTH.withoutEnds(TokenArray.EMPTY)).isEqualTo(TokenArray.EMPTY);
    }

    @Test
    void oneTokenThatBothBeginsAndEndsIsTakenOffOnce() {
        Tokenizer same = tokenizer(OptionalInt.of(BEGIN), OptionalInt.of(BEGIN));

        assertThat(same.withoutEnds(TokenArray.of(BEGIN))).isEqualTo(TokenArray.EMPTY);
        assertThat(same.withoutEnds(TokenArray.of(BEGIN, 7, BEGIN))).isEqualTo(TokenArray.of(7));
    }

    @Test
    void beginOfTextIsAddedOnce() {
        assertThat(BOTH.withBegin(TokenArray.of(7))).isEqualTo(TokenArray.of(BEGIN, 7));
        assertThat(BOTH.withBegin(TokenArray.of(BEGIN, 7))).isEqualTo(TokenArray.of(BEGIN, 7));
        assertThat(BOTH.withBegin(TokenArray.EMPTY)).isEqualTo(TokenArray.of(BEGIN));
    }

    @Test
    void aVocabularyWithoutEndsLeavesTokensAlone() {
        TokenArray tokens = TokenArray.of(BEGIN, 7, END);

        assertThat(NONE.withoutEnds(tokens)).isEqualTo(tokens);
        assertThat(NONE.withBegin(tokens)).isEqualTo(tokens);
        assertThat(NONE.encodeDocument("a")).isEqualTo(TokenArray.of('a'));
        assertThat(NONE.endToken()).isEqualTo(Tokenizer.NO_TOKEN);
    }

    @Test
    void aDocumentHasBothEnds() {
        assertThat(BOTH.encodeDocument("a")).isEqualTo(TokenArray.of(BEGIN, 'a', END));
        assertThat(BOTH.endToken()).isEqualTo(END);
    }
}
