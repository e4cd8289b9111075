package io.foretell.sources;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The registry of synthetic corpora; a new one adds one line here. A name is both a generator in {@code
 * documents.sources} and, through its closed vocabulary, a tokenizer for {@code policy.init}.
 */
public final class SyntheticCorpora {
    private interface Factory {
        DocumentSource create(long seed, long documents, LongSupplier delivered);
    }

    private record Generator(Factory factory, Supplier<List<String>> vocabulary) {}

    private static final Map<String, Generator> BY_NAME = new TreeMap<>(Map.of(
            ChainCorpus.NAME,
            new Generator(ChainCorpus::new, ChainCorpus::vocabulary),
            ChainCorpus.BOXED,
            chain(ChainCorpus.BOXED),
            ChainCorpus.SENTENCES,
            chain(ChainCorpus.SENTENCES),
            MaskedChainCorpus.NAME,
            new Generator(MaskedChainCorpus::new, MaskedChainCorpus::vocabulary),
            ProfanityCorpus.NAME,
            new Generator(ProfanityCorpus::new, ProfanityCorpus::vocabulary)));

    private SyntheticCorpora() {}

    private static Generator chain(String variant) {
        return new Generator(
                (seed, documents, delivered) -> new ChainCorpus(variant, seed, documents, delivered),
                () -> ChainCorpus.vocabulary(variant));
    }

    public static Set<String> names() {
        return BY_NAME.keySet();
    }

    /**
     * The documents of the generator {@code name}.
     *
     * @param documents number of documents; {@link Long#MAX_VALUE} for an endless corpus
     * @param delivered number delivered by earlier starts of the same run
     * @throws IllegalArgumentException with a sentence for the user, if there is no such generator
     */
    public static DocumentSource create(String name, long seed, long documents, LongSupplier delivered) {
        Generator generator = BY_NAME.get(name);
        if (generator == null) {
            throw new IllegalArgumentException(
                    "documents.sources: there is no generator '" + name + "'; known are " + names());
        }
        return generator.factory().create(seed, documents, delivered);
    }

    /** Every word in the documents of {@code name}, or null if there is no such generator. */
    public static @Nullable List<String> vocabulary(String name) {
        Generator generator = BY_NAME.get(name);
        return generator == null ? null : generator.vocabulary().get();
    }
}
