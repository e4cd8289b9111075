package io.foretell.objectives;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.Options;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Filtering, the simplest objective of PHF, Pretraining Language Models with Human Preferences (Korbak et al., arXiv
 * 2302.08582): documents with a bad average score are dropped.
 *
 * <pre>
 * keep a document iff (1/S) sum_s score_s &lt;= tau           S segments, score 1 for a banned text inside, else 0
 * L = -(1/N) sum_t log p_theta(x_t | x_&lt;t)                 over what is kept
 * </pre>
 *
 * <p>Where we differ: scores come from a rule ({@link Segments}), not a classifier; the average is over segments. The
 * paper's tau is 7.8e-4 for toxicity and 2.86e-4 for personal data, for scores that are rarely 0.
 *
 * <p>Options: {@code banned}, texts that make a segment bad, at least one; {@code segment_ends}, texts of one token that
 * end a segment (a line feed); {@code threshold}, tau (0).
 */
public final class Filtering implements TextObjective {
    public static final String NAME = "phf-filtering";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "pretraining with human preferences: filtering",
            "Next-token prediction on documents that are good on average; the others are left out. PHF "
                    + "(Korbak et al., arXiv 2302.08582).",
            List.of("banned", "segment_ends", "threshold"));

    /** Registers the method with {@link java.util.ServiceLoader}. */
    public static final class Provider implements ObjectiveProvider {
        @Override
        public ObjectiveDescription description() {
            return DESCRIPTION;
        }

        @Override
        public Objective create(ObjectiveSettings settings) {
            return new Filtering(settings);
        }
    }

    private final int maxLength;
    private final Segments segments;
    private final double threshold;

    public Filtering(ObjectiveSettings settings) {
        Options options = new Options(NAME, settings.options());
        this.segments = Segments.read(options, settings.tokenizer());
        this.threshold = options.number("threshold", 0, 0, 1);
        options.refuseUnknown();
        this.maxLength = settings.maxPromptLength() + 1;
    }

    @Override
    public ObjectiveDescription description() {
        return DESCRIPTION;
    }

    @Override
    public List<Example> examples(Document document, TokenArray tokens, RandomGenerator random) {
        return segments.averageScore(tokens) <= threshold ? Chunks.of(tokens, maxLength) : List.of();
    }

    @Override
    public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        return List.of(Experience.nextToken(group.task().target(), 1f, Set.of()));
    }
}
