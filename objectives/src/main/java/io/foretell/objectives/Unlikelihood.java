package io.foretell.objectives;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Options;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TextLoss;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Unlikelihood, as in PHF, Pretraining Language Models with Human Preferences (Korbak et al., arXiv 2302.08582), after
 * Welleck et al. (arXiv 1908.04319): good segments are made likely, bad ones unlikely.
 *
 * <pre>
 * L = (1/N) sum_t  -log p_t                           score of the segment of token t &lt;= tau
 *                  -alpha log max(1 - p_t, 1e-20)     otherwise;  p_t = p_theta(x_t | x_&lt;t)
 * </pre>
 *
 * <p>N counts all tokens of the whole optimizer step, good and bad.
 *
 * <p>Where we differ: scores come from a rule ({@link Segments}), not a classifier. Since they are 0 or 1, the authors'
 * variant without a threshold, which mixes both terms by the score, is the same. A document longer than {@code
 * max_prompt_length + 1} tokens becomes several tasks, as for {@link NextTokenPrediction}. If a segment spans two
 * tasks, each task scores its own part.
 *
 * <p>Options: {@code alpha}, the weight of bad tokens (1, the paper's for text; 0.01 for code); {@code threshold}, tau (0);
 * {@code banned}, texts that make a segment bad, at least one; {@code segment_ends}, texts of one token that end a segment
 * (a line feed).
 */
public final class Unlikelihood implements TextObjective {
    public static final String NAME = "phf-unlikelihood";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "pretraining with human preferences: unlikelihood",
            "Makes good segments likely and bad ones unlikely. PHF (Korbak et al., arXiv 2302.08582) "
                    + "after Welleck et al. (arXiv 1908.04319).",
            List.of("alpha", "threshold", "banned", "segment_ends"));

    /** Registers the method with {@link java.util.ServiceLoader}. */
    public static final class Provider implements ObjectiveProvider {
        @Override
        public ObjectiveDescription description() {
            return DESCRIPTION;
        }

        @Override
        public Objective create(ObjectiveSettings settings) {
            return new Unlikelihood(settings);
        }
    }

    private static final double SMALLEST = 1e-20;

    private final int maxLength;
    private final Segments segments;
    private final double threshold;
    private final double alpha;

    public Unlikelihood(ObjectiveSettings settings) {
        Options options = new Options(NAME, settings.options());
        this.segments = Segments.read(options, settings.tokenizer());
        this.threshold = options.number("threshold", 0, 0, 1);
        this.alpha = options.number("alpha", 1, 0, Integer.MAX_VALUE);
        options.refuseUnknown();
        this.maxLength = settings.maxPromptLength() + 1;
    }

    @Override
    public ObjectiveDescription description() {
        return DESCRIPTION;
    }

    @Override
    public List<Example> examples(Document document, TokenArray tokens, RandomGenerator random) {
        return Chunks.of(tokens, maxLength);
    }

    @Override
    public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        TokenArray text = group.task().target();
        FloatArray scores = segments.scores(text);
        float[] weights = new float[text.length()];
        for (int t = 1; t < weights.length; t++) {
            weights[t] = 1;
        }
        TextLoss loss = (t, logProbs) ->
                scores.at(t) <= threshold ? TextLoss.LIKELIHOOD.cost(t, logProbs) : unlikely(logProbs[0]);
        return List.of(Experience.nextToken(text, FloatArray.of(weights), loss));
    }

    /** -alpha log(1 - p), and its derivative with respect to l = log p: alpha p / (1 - p). */
    private TextLoss.Cost unlikely(double logProb) {
        double others = -Math.expm1(logProb);
        return others <= SMALLEST
                ? new TextLoss.Cost(-alpha * Math.log(SMALLEST), 0)
                : new TextLoss.Cost(-alpha * Math.log(others), alpha * Math.exp(logProb) / others);
    }
}
