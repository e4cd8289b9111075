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
 * AWR, advantage-weighted regression, as in PHF, Pretraining Language Models with Human Preferences (Korbak et al.,
 * arXiv 2302.08582), after Peng et al. (arXiv 1910.00177): next-token prediction that puts more weight on tokens of
 * segments that are better than their prefix predicts.
 *
 * <pre>
 * R_t = -score of the segment of token t                          0 good, -1 bad
 * V_t = -sigmoid( h_t-1 . w )                                     what R_t is expected to be, from the tokens before t
 * w_t = min( exp((R_t - sg[V_t]) / beta), 1000 )
 * L   = alpha (1/N) sum_t w_t (-log p_theta(x_t | x_&lt;t))  +  (1 - alpha) (1/N) sum_t (R_t - V_t)^2
 * </pre>
 *
 * <p>As in the authors' code, V is linear in the last hidden state, without a bias, and between -1 and 0. Their w is a
 * separate head initialised to 0. Here w is the difference of the output embeddings of two tokens that never occur in
 * text. {@code h . w} is then the difference of their logits, and the value head is part of every saved model; a fresh
 * model's V is -1/2 up to its small random weights. Since text never contains the two tokens, their probability is
 * close to 0. With tied embeddings, w is also their input embedding, which is unused.
 *
 * <p>Further differences: scores come from a rule ({@link Segments}), not a classifier; the authors' options for a
 * fixed or clipped value and for normalised advantages are missing. Documents are cut as for {@link RewardWeighted}.
 *
 * <p>Options: {@code alpha} (0.5, the paper's for text; 0.05 for code); {@code beta} (10, the paper's for toxicity; 0.1 for
 * personal data, 1 for code); {@code good} and {@code bad}, the two tokens ({@code <|aligned|>}, {@code <|misaligned|>});
 * {@code banned}, texts that make a segment bad, at least one; {@code segment_ends}, texts of one token that end a segment
 * (a line feed).
 */
public final class AdvantageWeighted implements TextObjective {
    public static final String NAME = "phf-awr";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "pretraining with human preferences: advantage-weighted regression",
            "Next-token prediction that gives more weight to tokens of segments better than their prefix "
                    + "predicts. PHF (Korbak et al., arXiv 2302.08582) after AWR (Peng et al., arXiv 1910.00177).",
            List.of("alpha", "beta", "good", "bad", "banned", "segment_ends"));

    /** Registers the method with {@link java.util.ServiceLoader}. */
    public static final class Provider implements ObjectiveProvider {
        @Override
        public ObjectiveDescription description() {
            return DESCRIPTION;
        }

        @Override
        public Objective create(ObjectiveSettings settings) {
            return new AdvantageWeighted(settings);
        }
    }

    private final int maxLength;
    private final Segments segments;
    private final double alpha;
    private final double beta;
    private final List<Integer> valueTokens;

    public AdvantageWeighted(ObjectiveSettings settings) {
        Options options = new Options(NAME, settings.options());
        this.segments = Segments.read(options, settings.tokenizer());
        this.alpha = options.number("alpha", 0.5, 0, 1);
        this.beta = options.number("beta", 10, 1e-3, Integer.MAX_VALUE);
        this.valueTokens = List.of(
                Options.token(settings.tokenizer(), options.text("good", "<|aligned|>")),
                Options.token(settings.tokenizer(), options.text("bad", "<|misaligned|>")));
        options.refuseUnknown();
        if (valueTokens.get(0).equals(valueTokens.get(1))) {
            throw new IllegalArgumentException("phases: options 'good' and 'bad' of objective '" + NAME
                    + "' must be two tokens: the value is the difference between them");
        }
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
        float[] weights = new float[text.length()];
        for (int t = 1; t < weights.length; t++) {
            weights[t] = 1;
        }
        return List.of(Experience.nextToken(text, FloatArray.of(weights), new Loss(segments.scores(text))));
    }

    /** The two terms at a token. */
    private final class Loss implements TextLoss {
        private final FloatArray scores;

        Loss(FloatArray scores) {
            this.scores = scores;
        }

        @Override
        public List<Integer> auxiliaryTokens() {
            return valueTokens;
        }

        @Override
        public Cost cost(int t, double... logProbs) {
            double reward = -scores.at(t);
            double sigmoid = 1 / (1 + Math.exp(logProbs[1] - logProbs[2]));
            double value = -sigmoid;
            double weight = RewardWeighted.weight(reward - value, beta);
            double error = reward - value;
            double byLogit = (1 - alpha) * 2 * error * sigmoid * (1 - sigmoid);
            return new Cost(
                    -alpha * weight * logProbs[0] + (1 - alpha) * error * error, -alpha * weight, -byLogit, byLogit);
        }
    }
}
