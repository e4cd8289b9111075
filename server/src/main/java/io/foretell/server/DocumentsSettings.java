package io.foretell.server;

import io.foretell.platform.Check;
import io.foretell.sources.SyntheticCorpora;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code documents} of the configuration: the text to learn from. Immutable.
 *
 * @param sources sources of documents, in addition to the HTTP API
 * @param deduplicate exact or none
 * @param epochs passes over the documents; 0 for as many as the phases need
 * @param heldOutFraction share of documents excluded from training
 * @param maxAhead maximum number of documents that sources may be ahead of the feeder
 * @param thoughtTemplate how to join a document and a model's thoughts about it; null for documents as they are
 */
record DocumentsSettings(
        List<Source> sources,
        String deduplicate,
        int epochs,
        double heldOutFraction,
        long maxAhead,
        @Nullable String thoughtTemplate) {
    DocumentsSettings {
        sources = List.copyOf(sources);
        Check.that("documents.max_ahead", maxAhead, maxAhead >= 1, "at least 1");
        boolean isTemplate =
                thoughtTemplate == null || thoughtTemplate.contains("{text}") && thoughtTemplate.contains("{thoughts}");
        Check.that(
                "documents.thought_template",
                thoughtTemplate,
                isTemplate,
                "a text with {text} and {thoughts}, or null");
    }

    /** One source of documents: a generator or files, never both. */
    record Source(
            @Nullable String generator,
            @Nullable Long seed,
            @Nullable Long documents,
            @Nullable String files,
            @Nullable String template,
            @Nullable String domain,
            @Nullable String split) {
        Source {
            if ((generator == null) == (files == null)) {
                throw new IllegalArgumentException(
                        "documents.sources: each source needs either 'generator' or 'files', and not both");
            }
            if (generator != null && !SyntheticCorpora.names().contains(generator)) {
                throw new IllegalArgumentException("documents.sources: there is no generator '" + generator
                        + "'; known are " + SyntheticCorpora.names());
            }
            if (split != null && !split.equals("paragraphs")) {
                throw new IllegalArgumentException(
                        "documents.sources: 'split' is '" + split + "' but must be paragraphs, or left out");
            }
        }
    }
}
