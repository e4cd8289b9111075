package io.foretell.streams;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The registry of made-up corpora: the one line that a new one adds. A name is both a generator of {@code
 * documents.sources} and, as its closed vocabulary, a tokenizer of {@code policy.init}.
 */
public final class Generators {
    private interface Factory {
        DocumentSource create(long seed, long documents, LongSupplier delivered);
    }

    private record Generator(Factory factory, Supplier<List<String>> vocabulary) {}

    private static final Map<String, Generator> BY_NAME = new TreeMap<>(Map.of(
            ChainCorpus.NAME,
            new Generator(ChainCorpus::new, ChainCorpus::vocabulary),
            ChainCorpus.BOXED,
            new Generator(
                    (seed, documents, delivered) -> new ChainCorpus(ChainCorpus.BOXED, seed, documents, delivered),
                    ChainCorpus::boxedVocabulary),
            RudeCorpus.NAME,
            new Generator(RudeCorpus::new, RudeCorpus::vocabulary)));

    private Generators() {}

    public static Set<String> names() {
        return BY_NAME.keySet();
    }

    /**
     * The documents of the generator {@code name}.
     *
     * @param documents how many; {@link Long#MAX_VALUE} for no end
     * @param delivered how many were delivered by an earlier start of the same run
     * @throws IllegalArgumentException with a sentence for the user, when there is none of that name
     */
    public static DocumentSource create(String name, long seed, long documents, LongSupplier delivered) {
        Generator generator = BY_NAME.get(name);
        if (generator == null) {
            throw new IllegalArgumentException(
                    "documents.sources: there is no generator '" + name + "'; known are " + names());
        }
        return generator.factory().create(seed, documents, delivered);
    }

    /** Every word of the documents of {@code name}, or null where there is no such generator. */
    public static @Nullable List<String> vocabulary(String name) {
        Generator generator = BY_NAME.get(name);
        return generator == null ? null : generator.vocabulary().get();
    }
}
