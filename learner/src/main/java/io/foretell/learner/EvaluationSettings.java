package io.foretell.learner;

import java.util.List;

/**
 * Section {@code eval} of the configuration.
 *
 * @param interval steps between evaluations within a phase; 0 for none but at the ends of phases
 * @param beforeTrain whether to evaluate before the first step of each phase
 * @param documents most held-out documents of each kind
 * @param samples thoughts per held-out document
 * @param nextTokenDomains held-out documents whose plain next-token loss is measured; none for all
 */
public record EvaluationSettings(
        int interval, boolean beforeTrain, int documents, int samples, List<String> nextTokenDomains) {
    public EvaluationSettings {
        nextTokenDomains = List.copyOf(nextTokenDomains);
        if (interval < 0 || documents < 1 || samples < 1) {
            throw new IllegalArgumentException("eval needs an interval of at least 0 and at least one document and one"
                    + " sample, but has " + interval + ", " + documents + " and " + samples);
        }
    }
}
