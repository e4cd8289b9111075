package io.foretell.learner.evaluation;

import io.foretell.platform.Check;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code eval} of the configuration.
 *
 * @param interval steps between evaluations within a phase; 0 for none but at the ends of phases
 * @param beforeTrain whether to evaluate before the first step of each phase
 * @param documents maximum held-out documents of each kind
 * @param samples thoughts per held-out document
 * @param nextTokenDomains held-out documents whose plain next-token loss is measured; none for all
 * @param continuations how the model continues the beginnings of held-out documents
 */
public record EvaluationSettings(
        int interval,
        boolean beforeTrain,
        int documents,
        int samples,
        List<String> nextTokenDomains,
        Continuations continuations) {
    /**
     * Section {@code eval.continuations}; nothing is measured where {@code banned} is empty.
     *
     * @param banned texts whose share of the sampled tokens is measured
     * @param promptLength tokens of each document that are shown, a begin-of-text token included
     * @param maxLength maximum tokens sampled
     * @param temperature of sampling
     * @param inserted a token put after the prompt, such as a control token; null for none
     * @param forbidden tokens that are never sampled
     */
    public record Continuations(
            List<String> banned,
            int promptLength,
            int maxLength,
            float temperature,
            @Nullable String inserted,
            List<String> forbidden) {
        public static final Continuations NONE = new Continuations(List.of(), 1, 1, 1, null, List.of());

        public Continuations {
            banned = List.copyOf(banned);
            forbidden = List.copyOf(forbidden);
            Check.that("eval.continuations.prompt_length", promptLength, promptLength >= 1, "at least 1");
            Check.that("eval.continuations.max_length", maxLength, maxLength >= 1, "at least 1");
            Check.that("eval.continuations.temperature", temperature, temperature > 0, "above 0");
        }

        boolean isMeasured() {
            return !banned.isEmpty();
        }
    }

    /** Without continuations. */
    public EvaluationSettings(
            int interval, boolean beforeTrain, int documents, int samples, List<String> nextTokenDomains) {
        this(interval, beforeTrain, documents, samples, nextTokenDomains, Continuations.NONE);
    }

    public EvaluationSettings {
        nextTokenDomains = List.copyOf(nextTokenDomains);
        Check.that("eval.interval", interval, interval >= 0, "0 or more");
        Check.that("eval.documents", documents, documents >= 1, "at least 1");
        Check.that("eval.samples", samples, samples >= 1, "at least 1");
    }
}
