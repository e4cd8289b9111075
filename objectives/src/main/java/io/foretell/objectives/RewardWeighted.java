package io.foretell.objectives;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Options;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * RWR, reward-weighted regression, as in PHF, Pretraining Language Models with Human Preferences (Korbak et al., arXiv
 * 2302.08582): next-token prediction that puts more weight on good segments.
 *
 * <pre>
 * R_t = -score of the segment of token t              0 good, -1 bad
 * w_t = min( exp((R_t - V) / beta), 1000 )            V = -1/2
 * L   = -(1/N) sum_t w_t log p_theta(x_t | x_&lt;t)      N tokens of the whole optimizer step
 * </pre>
 *
 * <p>As in the authors' code, RWR is AWR ({@link AdvantageWeighted}) without its value loss: the value head is never
 * trained and stays at -sigmoid(0) = -1/2, a constant factor of e^(1/(2 beta)).
 *
 * <p>Where we differ: scores come from a rule ({@link Segments}), not a classifier. A document longer than {@code
 * max_prompt_length + 1} tokens becomes several tasks, as for {@link NextTokenPrediction}. If a segment spans two
 * tasks, each task scores its own part.
 *
 * <p>Options: {@code beta} (10, the paper's); {@code banned}, texts that make a segment bad, at least one;
 * {@code segment_ends}, texts of one token that end a segment (a line feed).
 */
public final class RewardWeighted implements TextObjective {
    public static final String NAME = "phf-rwr";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "pretraining with human preferences: reward-weighted regression",
            "Next-token prediction that gives more weight to good segments. PHF (Korbak et al., arXiv "
                    + "2302.08582).",
            List.of("beta", "banned", "segment_ends"));

    /** Registers the method with {@link java.util.ServiceLoader}. */
    public static final class Provider implements ObjectiveProvider {
        @Override
        public ObjectiveDescription description() {
            return DESCRIPTION;
        }

        @Override
        public Objective create(ObjectiveSettings settings) {
            return new RewardWeighted(settings);
        }
    }

    private static final double VALUE = -0.5;
    private static final double LARGEST_WEIGHT = 1000;

    private final int maxLength;
    private final Segments segments;
    private final double beta;

    public RewardWeighted(ObjectiveSettings settings) {
        Options options = new Options(NAME, settings.options());
        this.segments = Segments.read(options, settings.tokenizer());
        this.beta = options.number("beta", 10, 1e-3, Integer.MAX_VALUE);
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

    /** The weight w of an advantage. */
    static double weight(double advantage, double beta) {
        return Math.min(Math.exp(advantage / beta), LARGEST_WEIGHT);
    }

    @Override
    public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        TokenArray text = group.task().target();
        FloatArray scores = segments.scores(text);
        float[] weights = new float[text.length()];
        for (int t = 1; t < weights.length; t++) {
            weights[t] = (float) weight(-scores.at(t) - VALUE, beta);
        }
        return List.of(Experience.nextToken(text, FloatArray.of(weights)));
    }
}
