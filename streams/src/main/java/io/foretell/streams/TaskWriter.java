package io.foretell.streams;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Task;
import io.foretell.domain.Tokenizer;
import io.foretell.sources.ContentHash;
import java.time.InstantSource;
import java.util.List;
import java.util.SplittableRandom;

/** Turns documents into tasks; the same visit of a document always gives the same ones. Immutable. */
record TaskWriter(String run, long seed, Tokenizer tokenizer, boolean isExact, InstantSource clock) {
    List<Example> cuts(Document document, PhasePlan phase, int epoch) {
        long visit = ContentHash.number(ContentHash.of(seed, document.id(), epoch, phase.index()));
        return phase.objective()
                .examples(document, tokenizer.encodeDocument(document.text()), new SplittableRandom(visit));
    }

    Task task(
            Document document, long offset, PhasePlan phase, int epoch, int index, Example cut, long minPolicyVersion) {
        // Without deduplication the same document may be there twice, and ids must still differ.
        byte[] hash = isExact
                ? ContentHash.of(document.id(), phase.index(), epoch, index)
                : ContentHash.of(document.id(), phase.index(), epoch, index, offset);
        String id = ContentHash.hex(hash).substring(0, 32);
        return new Task(
                id,
                run,
                phase.index(),
                phase.objective().name(),
                document.id(),
                cut.prompt(),
                cut.target(),
                ContentHash.number(ContentHash.of(seed, id)),
                minPolicyVersion,
                clock.instant());
    }
}
