package io.foretell.sources;

import io.foretell.domain.Document;
import java.util.SplittableRandom;
import java.util.function.LongSupplier;

/**
 * A synthetic corpus: document i depends only on the seed and i, so a restarted run resumes where it stopped.
 * Immutable.
 */
abstract class NumberedDocuments implements DocumentSource {
    private final String name;
    private final long seed;
    private final long documents;
    private final LongSupplier delivered;

    /**
     * @param documents number of documents; {@link Long#MAX_VALUE} for an endless corpus
     * @param delivered number delivered by earlier starts of the same run
     */
    NumberedDocuments(String name, long seed, long documents, LongSupplier delivered) {
        this.name = name;
        this.seed = seed;
        this.documents = documents;
        this.delivered = delivered;
    }

    /** Document number {@code index}. */
    public abstract Document document(long index);

    final long seed() {
        return seed;
    }

    /** The generator for document number {@code index}. */
    final SplittableRandom random(long index) {
        return new SplittableRandom(seed * 0x9E3779B97F4A7C15L + index);
    }

    @Override
    public final String name() {
        return "generator " + name;
    }

    @Override
    public final long feed(Sink sink) throws InterruptedException {
        long from = delivered.getAsLong();
        for (long i = from; i < documents; i++) {
            sink.accept(document(i));
        }
        return Math.max(0, documents - from);
    }
}
