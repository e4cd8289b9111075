package io.foretell.streams;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Task;
import io.foretell.domain.Tokenizer;
import io.foretell.platform.Sha256;
import java.nio.ByteBuffer;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;

/** Turns documents into tasks; the same visit of a document always gives the same ones. Immutable. */
record TaskWriter(String run, long seed, Tokenizer tokenizer, boolean isExact, InstantSource clock) {
    List<Example> cuts(Document document, PhasePlan phase, int epoch) {
        long visit = number(Sha256.ofParts(seed, document.id(), epoch, phase.index()));
        return phase.objective()
                .examples(document, tokenizer.encodeDocument(document.text()), new SplittableRandom(visit));
    }

    Task task(
            Document document, long offset, PhasePlan phase, int epoch, int index, Example cut, long minPolicyVersion) {
        // Without deduplication the same document may be there twice, and ids must still differ.
        byte[] hash = isExact
                ? Sha256.ofParts(document.id(), phase.index(), epoch, index)
                : Sha256.ofParts(document.id(), phase.index(), epoch, index, offset);
        String id = Sha256.hex(hash).substring(0, 32);
        return new Task(
                id,
                run,
                phase.index(),
                phase.objective().name(),
                document.id(),
                cut.prompt(),
                cut.target(),
                number(Sha256.ofParts(seed, id)),
                minPolicyVersion,
                clock.instant());
    }

    /** A seed: the first eight bytes of a hash. */
    private static long number(byte[] hash) {
        return ByteBuffer.wrap(hash).getLong();
    }
}
