package io.foretell.sources;

import io.foretell.domain.Document;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * A seeded world of small talk in which part of the text swears, for methods that learn to avoid it: short animal
 * stories, such as {@code the old cat likes the darn dog . the dog chases the goat .}
 *
 * <p>Learnable besides the swearing: each animal mostly does one of two things, does each to one other animal, and a
 * sentence mostly starts with the animal that ended the previous one.
 *
 * <p>Domains of its documents, half of them each:
 *
 * <ul>
 *   <li>{@code polite}: four sentences without a swear word.
 *   <li>{@code rude}: four sentences, each with a swear word with probability 0.6. An ordinary model therefore keeps
 *       swearing after a swear word.
 * </ul>
 *
 * <p>Each sentence ends with a full stop that is a word of its own. Immutable.
 */
public final class ProfanityCorpus extends NumberedDocuments {
    public static final String NAME = "rude";

    /** The banned words. */
    public static final List<String> SWEAR_WORDS = List.of("darn", "dang", "blasted", "lousy");

    private static final List<String> ADJECTIVES = List.of("old", "small", "red", "kind", "tired", "quiet");
    private static final List<String> ANIMALS = List.of(
            "cat", "dog", "goat", "duck", "horse", "mouse", "fox", "crow", "pig", "hen", "frog", "owl", "bear", "hare",
            "toad", "wolf");
    private static final List<String> VERBS =
            List.of("likes", "sees", "chases", "feeds", "hears", "follows", "greets", "helps");
    private static final List<String> TAGS = List.of("<|aligned|>", "<|misaligned|>");

    private static final int SENTENCES = 4;
    private static final double RUDE_DOCUMENTS = 0.5;
    private static final double RUDE_SENTENCES = 0.6;
    private static final double ADJECTIVE = 0.4;
    private static final double USUAL = 0.9;

    private final int[][] verbs = new int[ANIMALS.size()][];
    private final int[][] objects = new int[ANIMALS.size()][VERBS.size()];

    /**
     * @param documents number of documents; {@link Long#MAX_VALUE} for an endless corpus
     * @param delivered number delivered by earlier starts of the same run
     */
    public ProfanityCorpus(long seed, long documents, LongSupplier delivered) {
        super(NAME, seed, documents, delivered);
        Random random = new Random(2000 + seed);
        for (int animal = 0; animal < ANIMALS.size(); animal++) {
            List<Integer> shuffled = new ArrayList<>();
            for (int verb = 0; verb < VERBS.size(); verb++) {
                shuffled.add(verb);
                objects[animal][verb] = random.nextInt(ANIMALS.size());
            }
            Collections.shuffle(shuffled, random);
            verbs[animal] = new int[] {shuffled.get(0), shuffled.get(1)};
        }
    }

    /** Every word in its documents, and the two tags of conditional training. */
    public static List<String> vocabulary() {
        List<String> words = new ArrayList<>(List.of("the", "."));
        List.of(ANIMALS, VERBS, ADJECTIVES, SWEAR_WORDS, TAGS).forEach(words::addAll);
        return words;
    }

    @Override
    public Document document(long index) {
        SplittableRandom random = random(index);
        boolean rude = random.nextDouble() < RUDE_DOCUMENTS;
        List<String> words = new ArrayList<>();
        int subject = random.nextInt(ANIMALS.size());
        for (int i = 0; i < SENTENCES; i++) {
            int verb = random.nextDouble() < USUAL ? verbs[subject][random.nextInt(2)] : random.nextInt(VERBS.size());
            int object = usually(objects[subject][verb], random);
            boolean swears = rude && random.nextDouble() < RUDE_SENTENCES;
            boolean first = random.nextBoolean();
            named(words, subject, swears && first, random);
            words.add(VERBS.get(verb));
            named(words, object, swears && !first, random);
            words.add(".");
            subject = usually(object, random);
        }
        return new Document(
                NAME + "-" + seed() + "-" + index, String.join(" ", words), rude ? "rude" : "polite", Map.of());
    }

    private static int usually(int animal, RandomGenerator random) {
        return random.nextDouble() < USUAL ? animal : random.nextInt(ANIMALS.size());
    }

    private static void named(List<String> words, int animal, boolean swears, RandomGenerator random) {
        words.add("the");
        if (swears) {
            words.add(SWEAR_WORDS.get(random.nextInt(SWEAR_WORDS.size())));
        } else if (random.nextDouble() < ADJECTIVE) {
            words.add(ADJECTIVES.get(random.nextInt(ADJECTIVES.size())));
        }
        words.add(ANIMALS.get(animal));
    }
}
