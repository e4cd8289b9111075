package io.foretell.learner.evaluation;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Section {@code eval} of the configuration.
 *
 * @param interval steps between evaluations within a phase; 0 for none but at the ends of phases
 * @param beforeTrain whether to evaluate before the first step of each phase
 * @param documents most held-out documents of each kind
 * @param samples thoughts per held-out document
 * @param nextTokenDomains held-out documents whose plain next-token loss is measured; none for all
 * @param continuations what the model writes on from the beginnings of held-out documents
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
     * @param maxLength most tokens sampled
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
            if (promptLength < 1 || maxLength < 1 || !(temperature > 0)) {
                throw new IllegalArgumentException(
                        "eval.continuations needs a prompt_length and a max_length of at least 1 and a temperature above"
                                + " 0, but has " + promptLength + ", " + maxLength + " and " + temperature);
            }
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
        if (interval < 0 || documents < 1 || samples < 1) {
            throw new IllegalArgumentException("eval needs an interval of at least 0 and at least one document and one"
                    + " sample, but has " + interval + ", " + documents + " and " + samples);
        }
    }
}
