package io.foretell.objectives;

import static io.foretell.objectives.Fixtures.counting;
import static io.foretell.objectives.Fixtures.document;
import static io.foretell.objectives.Fixtures.group;
import static io.foretell.objectives.Fixtures.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SpanCorruptionTest {
    private static final int SENTINEL = 1000;
    private static final int SENTINELS = 40;
    private static final int R = 2000;
    private static final int S = 2002;
    private static final long SEED = 220505131;

    private static SpanCorruption ul2(int maxPrompt, int sentinels) {
        Map<String, Integer> tags = new HashMap<>(Map.of("[R]", R, "[X]", R + 1, "[S]", S));
        List<String> names =
                IntStream.range(0, sentinels).mapToObj(i -> "<" + i + ">").toList();
        for (int i = 0; i < sentinels; i++) {
            tags.put(names.get(i), SENTINEL + i);
        }
        Map<String, Object> options = Map.of("sentinels", names, "modes", List.of("[R]", "[X]", "[S]"));
        Fixtures.Numbers tokenizer = new Fixtures.Numbers(tags, OptionalInt.empty());
        return new SpanCorruption(new ObjectiveSettings(tokenizer, 4, 1f, maxPrompt, 8, options));
    }

    private static boolean isSentinel(int token) {
        return token >= SENTINEL && token < SENTINEL + SENTINELS;
    }

    /** Puts the spans back where their sentinels stand. @return the text, without the mode */
    private static TokenArray restored(Example cut) {
        TokenArray prompt = cut.prompt().slice(1, cut.prompt().length());
        if (cut.prompt().at(0) == S) {
            return prompt.concat(cut.target());
        }
        Map<Integer, TokenArray> spans = new HashMap<>();
        int sentinel = -1;
        for (int i = 0; i < cut.target().length(); i++) {
            int token = cut.target().at(i);
            if (isSentinel(token)) {
                assertThat(token).as("sentinels come in order").isEqualTo(sentinel < 0 ? SENTINEL : sentinel + 1);
                sentinel = token;
                spans.put(sentinel, TokenArray.EMPTY);
            } else {
                spans.merge(sentinel, TokenArray.of(token), TokenArray::concat);
            }
        }
        assertThat(spans.remove(sentinel))
                .as("the last sentinel ends the target")
                .isEqualTo(TokenArray.EMPTY);
        TokenArray text = TokenArray.EMPTY;
        for (int i = 0; i < prompt.length(); i++) {
            int token = prompt.at(i);
            text = isSentinel(token) ? text.concat(spans.remove(token)) : text.append(token);
        }
        assertThat(spans).isEmpty();
        return text;
    }

    @Test
    void theSpansPutBackGiveTheText() {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 3000; i++) {
            int length = 4 + random.nextInt(200);
            int sentinels = 2 + random.nextInt(SENTINELS - 2);

            Example cut = ul2(512, sentinels)
                    .examples(document(""), counting(length), random)
                    .get(0);

            assertThat(restored(cut)).as("round %d, seed %d", i, SEED).isEqualTo(counting(length));
        }
    }

    @Test
    void theSevenDenoisersComeEquallyOftenWithTheirRates() {
        SplittableRandom random = new SplittableRandom(SEED);
        Map<String, Integer> seen = new TreeMap<>();
        int rounds = 7000;
        for (int i = 0; i < rounds; i++) {
            Example cut = ul2(512, SENTINELS)
                    .examples(document(""), counting(100), random)
                    .get(0);
            int spans = 0;
            for (int t = 0; t < cut.target().length(); t++) {
                spans += isSentinel(cut.target().at(t)) ? 1 : 0;
            }
            int noise = cut.target().length() - spans;
            seen.merge((cut.prompt().at(0) - R) + " " + noise + " in " + Math.max(1, spans - 1), 1, Integer::sum);
        }

        // R 15 % of 100 in 15/3 or 15/8 spans; X 50 or 15 in 50/3, 50/8, 15/64, 50/64; S the last quarter
        assertThat(seen.keySet())
                .containsExactly(
                        "0 15 in 2", "0 15 in 5", "1 15 in 1", "1 50 in 1", "1 50 in 17", "1 50 in 6", "2 25 in 1");
        seen.forEach((kind, count) -> assertThat((double) count)
                .as("%s, seed %d", kind, SEED)
                .isCloseTo(rounds / 7.0, within(120.0))); // four standard deviations of 29
    }

    @Test
    void allLayoutsAreEquallyLikely() {
        SplittableRandom random = new SplittableRandom(SEED);
        Map<String, Integer> layouts = new TreeMap<>();
        int rounds = 0;
        for (int i = 0; i < 20_000; i++) {
            Example cut = ul2(512, SENTINELS)
                    .examples(document(""), counting(12), random)
                    .get(0);
            if (cut.prompt().at(0) == R + 1 && cut.target().length() == 9) {
                rounds++; // half of twelve tokens in spans of 3: six kept ones and six others, each in two parts
                layouts.merge(cut.target().toString(), 1, Integer::sum);
            }
        }

        assertThat(layouts).hasSize(5 * 5);
        double expected = rounds / 25.0;
        double chiSquare = layouts.values().stream()
                .mapToDouble(count -> (count - expected) * (count - expected) / expected)
                .sum();
        // 24 degrees of freedom: above 51.2 once in a thousand.
        assertThat(chiSquare).as("chi-square, seed %d", SEED).isLessThan(51.2);
    }

    @Test
    void onlyTheTargetIsTrained() {
        TokenArray prompt = TokenArray.of(R, 1, 2, SENTINEL, 5);
        TokenArray target = TokenArray.of(SENTINEL, 3, 4, SENTINEL + 1);
        ScoredGroup group = new ScoredGroup(group(task(prompt, target)), List.of(), -1, 0, Instant.EPOCH);

        Experience experience =
                ul2(64, 4).experiences(group, AdvantageEstimator.RLOO).get(0);

        assertThat(experience.tokens()).isEqualTo(prompt.concat(target));
        assertThat(experience.ceWeights()).isEqualTo(FloatArray.of(0, 0, 0, 0, 0, 1, 1, 1, 1));
        assertThat(experience.lossMask()).isEqualTo(FloatArray.zeros(9));
        assertThat(ul2(64, 4).isSampled()).isFalse();
        assertThat(Fixtures.sampling(ul2(64, 4), group.task())).isEmpty();
    }

    @Test
    void longDocumentsBeginAtARandomPlaceAndShortOnesGiveNothing() {
        SplittableRandom random = new SplittableRandom(SEED);
        List<Integer> starts = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
            TokenArray text = restored(ul2(16, SENTINELS)
                    .examples(document(""), counting(20), random)
                    .get(0));
            assertThat(text.length()).isEqualTo(16);
            starts.add(text.at(0));
        }
        assertThat(starts).contains(0, 1, 2, 3, 4);
        assertThat(ul2(16, SENTINELS).examples(document(""), counting(3), random))
                .isEmpty();
    }

    @Test
    void sentinelsAndModesAreNeededAsTokens() {
        ObjectiveSettings none = Fixtures.settings(16, Map.of());
        ObjectiveSettings unknown = Fixtures.settings(16, Map.of("sentinels", List.of("<0>", "<1>")));
        ObjectiveSettings oneMode =
                Fixtures.settings(16, Map.of("sentinels", List.of("<think>", "</think>"), "modes", List.of("<think>")));

        assertThatThrownBy(() -> new SpanCorruption(none)).hasMessageContaining("'sentinels'");
        assertThatThrownBy(() -> new SpanCorruption(unknown)).hasMessageContaining("no single token '<0>'");
        assertThatThrownBy(() -> new SpanCorruption(oneMode)).hasMessageContaining("'modes'");
    }
}
