package io.foretell.sources;

import io.foretell.domain.Document;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * A seeded world in which thinking pays, after "Why think step by step? Reasoning emerges from the locality of
 * experience" (Prystawski, Li and Goodman, arXiv 2304.03843): variables x0 to x7 form a chain, and a fixed random table
 * maps each to the next; ordinary documents show only short local windows.
 *
 * <p>Domains of its documents:
 *
 * <ul>
 *   <li>{@code plain}: windows ({@code x3=7 x4=9 x5=2}), questions over one or two links ({@code x3=3 so x5 is 7}),
 *       questions without a premise. A two-link answer is a random guess nine times in ten, which keeps the model
 *       unsure of what it cannot derive.
 *   <li>{@code thought}: the same questions, with a thought of random length between question and answer that walks the
 *       chain regardless of the question: {@code x2=3 so x3 is <think> x3=1 x2=3 </think> 1}.
 *   <li>{@code far}: questions over three to five links, without a thought ({@code x1=3 so x5 is 8}); never x0 to x5.
 *   <li>{@code held-out}: the ten questions from x0 to x5. No other document has x0 and x5 without every link between.
 * </ul>
 *
 * <p>The boxed variant has the same documents, except that answers after a thought are boxed: {@code x2=3 so x3 is
 * <think> x3=1 x2=3 </think> \boxed{ 1}}. The box contains the text that would follow the question, space included.
 *
 * <p>The sentence variant writes {@code X1=3. What is X5? It is 8. X6=2.}: one more pair follows a far or held-out
 * question. In a third of the thoughts that pair comes first, after a mask for the answer, {@code X2=3. What is X3?
 * <MASK> X4=7. <think> X3=1. </think> <|startofprediction|> It is 1. <|endofprediction|>}.
 *
 * <p>Immutable.
 */
public final class ChainCorpus extends NumberedDocuments {
    public static final String NAME = "chain";
    /** The name of the variant whose thoughts end with a boxed answer. */
    public static final String BOXED = "chain-boxed";
    /** The name of the variant in sentences. */
    public static final String SENTENCES = "chain-sentences";

    static final int VARIABLES = 8;
    static final int VALUES = 10;

    private static final Map<String, ChainWording> WORDINGS =
            Map.of(NAME, ChainWording.PLAIN, BOXED, ChainWording.BOXED, SENTENCES, ChainWording.SENTENCES);
    private static final int LONGEST_THOUGHT = 10;
    private static final double FAR_SHARE = 0.4;
    private static final double WINDOW_SHARE = 0.25;
    private static final double QUESTION_SHARE = 0.25;
    private static final double THOUGHT_SHARE = 0.45;
    private static final double STAY = 0.1;
    private static final double BACK = 0.2;
    private static final double STOP = 0.4;
    private static final double GUESS = 0.9;

    private final ChainWording wording;
    private final int[][] tables = new int[VARIABLES - 1][VALUES];
    private final List<int[]> farPairs = new ArrayList<>();

    /**
     * @param documents number of documents, including held-out ones; {@link Long#MAX_VALUE} for an endless corpus
     * @param delivered number delivered by earlier starts of the same run
     */
    public ChainCorpus(long seed, long documents, LongSupplier delivered) {
        this(NAME, seed, documents, delivered);
    }

    /** @param name {@link #NAME}, {@link #BOXED} or {@link #SENTENCES} */
    public ChainCorpus(String name, long seed, long documents, LongSupplier delivered) {
        super(name, seed, documents, delivered);
        this.wording = Objects.requireNonNull(WORDINGS.get(name), name);
        Random random = new Random(1000 + seed);
        for (int[] table : tables) {
            List<Integer> values = new ArrayList<>();
            for (int value = 0; value < VALUES; value++) {
                values.add(value);
            }
            Collections.shuffle(values, random);
            for (int value = 0; value < VALUES; value++) {
                table[value] = values.get(value);
            }
        }
        for (int from = 0; from < VARIABLES; from++) {
            for (int to = from + 3; to <= Math.min(VARIABLES - 1, from + 5); to++) {
                if (from != 0 || to != 5) {
                    farPairs.add(new int[] {from, to});
                }
            }
        }
    }

    /** Every word in the plain variant's documents. */
    public static List<String> vocabulary() {
        return vocabulary(NAME);
    }

    /** Every word in the documents of variant {@code name}, except the thought tags. */
    public static List<String> vocabulary(String name) {
        return WORDINGS.get(name).vocabulary();
    }

    @Override
    public Document document(long index) {
        String id = NAME + "-" + seed() + "-" + index;
        if (index < VALUES) {
            return document(id, HeldOut.DOMAIN, farQuestion(0, (int) index, 5));
        }
        SplittableRandom random = random(index);
        if (random.nextDouble() < FAR_SHARE) {
            int[] ends = farPairs.get(random.nextInt(farPairs.size()));
            return document(id, "far", farQuestion(ends[0], random.nextInt(VALUES), ends[1]));
        }
        double kind = random.nextDouble();
        if (kind < WINDOW_SHARE) {
            return document(id, "plain", window(random));
        }
        if (kind < WINDOW_SHARE + QUESTION_SHARE) {
            return document(id, "plain", question(random, false));
        }
        if (kind < WINDOW_SHARE + QUESTION_SHARE + THOUGHT_SHARE) {
            return document(id, "thought", question(random, true));
        }
        String question = wording.question(random.nextInt(VARIABLES));
        return document(id, "plain", (question + wording.answer(random.nextInt(VALUES))).strip());
    }

    private static Document document(String id, String domain, String text) {
        return new Document(id, text, domain, Map.of());
    }

    private String farQuestion(int from, int value, int target) {
        int[] values = chain(from, value);
        return wording.pair(from, value)
                + wording.question(target)
                + wording.answer(values[target])
                + following(from, target, values);
    }

    /** The pair after {@code target} if the variant has one; never x5 after x0 without every link between. */
    private String following(int first, int target, int[] values) {
        boolean has = wording == ChainWording.SENTENCES && target < VARIABLES - 1 && (first > 0 || target != 4);
        return has ? " " + wording.pair(target + 1, values[target + 1]) : "";
    }

    private String window(RandomGenerator random) {
        int length = random.nextInt(2, 5);
        int from = random.nextInt(VARIABLES - length + 1);
        return pairs(chain(from, random.nextInt(VALUES)), from, from + length - 1);
    }

    private String question(RandomGenerator random, boolean withThought) {
        int links = random.nextInt(1, 3);
        int source = random.nextInt(VARIABLES - links);
        int target = source + links;
        int context = random.nextBoolean() ? 0 : random.nextInt(1, 5);
        int first = Math.max(0, source - context);
        if (first == 0 && target == 5 && links == 2) {
            first = 1;
        }
        int[] values = chain(first, random.nextInt(VALUES));
        StringBuilder text = new StringBuilder(pairs(values, first, source)).append(wording.question(target));
        int shown = source;
        if (withThought) {
            mask(text, following(first, target, values), random);
            shown = Math.max(shown, thought(text, values, first, source, random));
        }
        boolean guess = target - shown >= 2 && random.nextDouble() < GUESS;
        int answer = guess ? random.nextInt(VALUES) : values[target];
        return text.append(withThought ? wording.stated(answer) : wording.answer(answer))
                .toString();
    }

    /** In a third of the questions, appends the mask and {@code following}. */
    private static void mask(StringBuilder text, String following, RandomGenerator random) {
        if (!following.isEmpty() && random.nextInt(3) == 0) {
            text.append(' ').append(ChainWording.MASK).append(following);
        }
    }

    /** Writes a random walk along the chain. @return the farthest variable shown */
    private int thought(StringBuilder text, int[] values, int first, int source, RandomGenerator random) {
        text.append(" <think>");
        int at = source;
        int farthest = source;
        for (int written = 0; written < LONGEST_THOUGHT; written++) {
            double move = random.nextDouble();
            if (move >= BACK) {
                if (at == VARIABLES - 1 && written > 0) {
                    break;
                }
                at = Math.min(VARIABLES - 1, at + 1);
            } else if (move >= STAY) {
                at = Math.max(first, at - 1);
            }
            text.append(' ').append(wording.pair(at, values[at]));
            farthest = Math.max(farthest, at);
            if (random.nextDouble() < STOP) {
                break;
            }
        }
        text.append(" </think>");
        return farthest;
    }

    /** Values of all variables from {@code first} on; earlier ones are unknown. */
    int[] chain(int first, int value) {
        int[] values = new int[VARIABLES];
        values[first] = value;
        for (int i = first; i < VARIABLES - 1; i++) {
            values[i + 1] = tables[i][values[i]];
        }
        return values;
    }

    private String pairs(int[] values, int from, int to) {
        StringBuilder text = new StringBuilder(wording.pair(from, values[from]));
        for (int i = from + 1; i <= to; i++) {
            text.append(' ').append(wording.pair(i, values[i]));
        }
        return text.toString();
    }

    static String pair(int variable, int value) {
        return "x" + variable + "=" + value;
    }
}
