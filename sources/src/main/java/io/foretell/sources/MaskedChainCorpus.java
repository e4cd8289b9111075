package io.foretell.sources;

import io.foretell.domain.Document;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * The world of {@link ChainCorpus} as paragraphs with hardly any word worth hiding. In {@code n31 to5 n07 x1=3 so y5 is
 * v8 n12} the words {@code so}, {@code is}, {@code to5} and {@code y5} (the last two are redundant) are obvious, the
 * noise and {@code x1=3} are unpredictable, and {@code v8} follows from walking the chain from x1 to x5.
 *
 * <p>Domains of its documents:
 *
 * <ul>
 *   <li>{@code plain}: windows of the chain ({@code x3=7 x4=9 x5=2}).
 *   <li>{@code recall}: paragraphs with any answer, and six of their words again, each after its kind, to teach the
 *       model to copy: {@code n31 ... again found v8 chaff n12 glue so ...}.
 *   <li>{@code cloze}: paragraphs with a hidden word, and a possible predictor response: {@code n31 ... so y3 is [mask]
 *       n12 guess <think> x3=2 x2=7 </think> \boxed{ v2 }}. The chain has one or two links, the thought is a walk of
 *       random length, and a two-link answer that the thought does not show is a random guess nine times in ten.
 *       Alternatively an obvious word is hidden, and the thought is empty; never the noise, nor the start of the chain.
 *   <li>{@code choice}: such paragraphs and a possible generator response, any word of them after a thought that names
 *       its kind: {@code n31 ... hide <think> glue </think> \mask{ so }}.
 *   <li>{@code paragraph}: paragraphs over three to five links, with nothing after them; never x0 to x5.
 *   <li>{@code held-out}: paragraphs over the ten questions from x0 to x5, which end with the answer.
 * </ul>
 *
 * <p>Immutable.
 */
public final class MaskedChainCorpus extends NumberedDocuments {
    public static final String NAME = "chain-masked";

    private static final int NOISE_WORDS = 40;
    private static final int NOISE = 3;
    private static final double PARAGRAPH_SHARE = 0.15;
    private static final double PLAIN_SHARE = 0.15;
    private static final double RECALL_SHARE = 0.2;
    private static final double CHOICE_SHARE = 0.2;
    private static final int RECALLED = 6;
    private static final double ANSWER_SHARE = 0.5;
    /** Kinds of words; the first three are obvious from the other words. */
    private static final List<String> KINDS = List.of("theme", "asked", "glue", "found", "given", "chaff");

    private static final List<String> TOLD = KINDS.subList(0, 3);

    private static final int LONGEST_THOUGHT = 10;
    private static final double STAY = 0.1;
    private static final double BACK = 0.2;
    private static final double STOP = 0.4;
    private static final double GUESS = 0.9;

    private final ChainCorpus world;

    /**
     * @param documents number of documents, including held-out ones; {@link Long#MAX_VALUE} for an endless corpus
     * @param delivered number delivered by earlier starts of the same run
     */
    public MaskedChainCorpus(long seed, long documents, LongSupplier delivered) {
        super(NAME, seed, documents, delivered);
        this.world = new ChainCorpus(seed, documents, delivered);
    }

    /** Every word in its documents. */
    public static List<String> vocabulary() {
        List<String> words =
                new ArrayList<>(List.of("so", "is", "guess", "hide", "again", "[mask]", "\\boxed{", "\\mask{", "}"));
        words.addAll(KINDS);
        for (int variable = 0; variable < ChainCorpus.VARIABLES; variable++) {
            words.add("to" + variable);
            words.add("y" + variable);
        }
        for (int value = 0; value < ChainCorpus.VALUES; value++) {
            words.add("v" + value);
        }
        for (int noise = 0; noise < NOISE_WORDS; noise++) {
            words.add(noise(noise));
        }
        for (int variable = 0; variable < ChainCorpus.VARIABLES; variable++) {
            for (int value = 0; value < ChainCorpus.VALUES; value++) {
                words.add(ChainCorpus.pair(variable, value));
            }
        }
        return words;
    }

    @Override
    public Document document(long index) {
        String id = NAME + "-" + seed() + "-" + index;
        SplittableRandom random = random(index);
        if (index < ChainCorpus.VALUES) {
            int[] values = world.chain(0, (int) index);
            return document(id, HeldOut.DOMAIN, String.join(" ", paragraph(values, 0, 5, values[5], NOISE, random)));
        }
        if (random.nextDouble() < PARAGRAPH_SHARE) {
            return document(id, "paragraph", far(random));
        }
        double kind = random.nextDouble();
        if (kind < PLAIN_SHARE) {
            return document(id, "plain", window(random));
        }
        if (kind < PLAIN_SHARE + RECALL_SHARE) {
            return document(id, "recall", recall(random));
        }
        return kind < PLAIN_SHARE + RECALL_SHARE + CHOICE_SHARE
                ? document(id, "choice", choice(random))
                : document(id, "cloze", cloze(random));
    }

    private static Document document(String id, String domain, String text) {
        return new Document(id, text, domain, Map.of());
    }

    private String window(RandomGenerator random) {
        int length = random.nextInt(2, 5);
        int from = random.nextInt(ChainCorpus.VARIABLES - length + 1);
        int[] values = world.chain(from, random.nextInt(ChainCorpus.VALUES));
        StringBuilder text = new StringBuilder();
        for (int variable = from; variable < from + length; variable++) {
            text.append(ChainCorpus.pair(variable, values[variable])).append(' ');
        }
        return text.toString().strip();
    }

    private String far(RandomGenerator random) {
        int source;
        int target;
        do {
            int links = random.nextInt(3, 6);
            source = random.nextInt(ChainCorpus.VARIABLES - links);
            target = source + links;
        } while (source == 0 && target == 5);
        int[] values = world.chain(source, random.nextInt(ChainCorpus.VALUES));
        return String.join(" ", paragraph(values, source, target, values[target], random.nextInt(NOISE + 1), random));
    }

    /** @param before number of noise words before the answer */
    private static List<String> paragraph(
            int[] values, int source, int target, int answer, int before, RandomGenerator random) {
        List<String> words = new ArrayList<>(
                List.of("to" + target, ChainCorpus.pair(source, values[source]), "so", "y" + target, "is"));
        for (int i = 0; i < before; i++) {
            words.add(random.nextInt(words.size() - 2), noise(random.nextInt(NOISE_WORDS)));
        }
        words.add("v" + answer);
        for (int i = before; i < NOISE; i++) {
            words.add(noise(random.nextInt(NOISE_WORDS)));
        }
        return words;
    }

    private static String noise(int number) {
        return String.format("n%02d", number);
    }

    /** A paragraph over one or two links with a random answer: it can be copied but not derived. */
    private List<String> untrue(RandomGenerator random) {
        int links = random.nextInt(1, 3);
        int source = random.nextInt(ChainCorpus.VARIABLES - links);
        int[] values = world.chain(source, random.nextInt(ChainCorpus.VALUES));
        int answer = random.nextInt(ChainCorpus.VALUES);
        return paragraph(values, source, source + links, answer, random.nextInt(NOISE + 1), random);
    }

    private String recall(RandomGenerator random) {
        List<String> words = untrue(random);
        StringBuilder text = new StringBuilder(String.join(" ", words)).append(" again");
        for (int i = 0; i < RECALLED; i++) {
            String word = words.get(random.nextInt(words.size()));
            text.append(' ').append(kind(word)).append(' ').append(word);
        }
        return text.toString();
    }

    private String choice(RandomGenerator random) {
        List<String> words = untrue(random);
        String word = words.get(random.nextInt(words.size()));
        return String.join(" ", words) + " hide <think> " + kind(word) + " </think> \\mask{ " + word + " }";
    }

    private static String any(String kind, List<String> words, RandomGenerator random) {
        List<String> some =
                words.stream().filter(word -> kind(word).equals(kind)).toList();
        return some.get(random.nextInt(some.size()));
    }

    /** The kind of a paragraph's word. */
    private static String kind(String word) {
        return switch (word.charAt(0)) {
            case 't' -> "theme";
            case 'x' -> "given";
            case 'y' -> "asked";
            case 'v' -> "found";
            case 'n' -> "chaff";
            default -> "glue";
        };
    }

    /** A paragraph over one or two links, and the thought about its answer. */
    private record Near(List<String> words, String thought) {}

    private Near near(RandomGenerator random) {
        int links = random.nextInt(1, 3);
        int source = random.nextInt(ChainCorpus.VARIABLES - links);
        int target = source + links;
        int[] values = world.chain(source, random.nextInt(ChainCorpus.VALUES));
        StringBuilder thought = new StringBuilder();
        int shown = walk(thought, values, source, random);
        boolean guess = target - shown >= 2 && random.nextDouble() < GUESS;
        int answer = guess ? random.nextInt(ChainCorpus.VALUES) : values[target];
        List<String> words = paragraph(values, source, target, answer, random.nextInt(NOISE + 1), random);
        return new Near(words, thought.toString());
    }

    /** Writes a random walk along the chain. @return the farthest variable shown */
    private static int walk(StringBuilder thought, int[] values, int source, RandomGenerator random) {
        int at = source;
        int farthest = source;
        for (int written = 0; written < LONGEST_THOUGHT; written++) {
            double move = random.nextDouble();
            if (move >= BACK) {
                if (at == ChainCorpus.VARIABLES - 1 && written > 0) {
                    break;
                }
                at = Math.min(ChainCorpus.VARIABLES - 1, at + 1);
            } else if (move >= STAY) {
                at = Math.max(source, at - 1);
            }
            thought.append(ChainCorpus.pair(at, values[at])).append(' ');
            farthest = Math.max(farthest, at);
            if (random.nextDouble() < STOP) {
                break;
            }
        }
        return farthest;
    }

    private String cloze(RandomGenerator random) {
        Near near = near(random);
        boolean isAnswer = random.nextDouble() < ANSWER_SHARE;
        String kind = isAnswer ? "found" : TOLD.get(random.nextInt(TOLD.size()));
        String hidden = any(kind, near.words(), random);
        List<String> shown = near.words().stream()
                .map(word -> word.equals(hidden) ? "[mask]" : word)
                .toList();
        String thought = isAnswer ? near.thought() : "";
        return String.join(" ", shown) + " guess <think> " + thought + "</think> \\boxed{ " + hidden + " }";
    }
}
