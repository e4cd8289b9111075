package io.foretell.domain;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One flat training sequence. Every array has one entry per token; entry t is about predicting token t from the tokens
 * before it (entry 0 is never trained). There is no prompt/response split: the weights select what is trained.
 *
 * @param tokens (T) the sequence
 * @param advantages (T) advantage of each token; 0 where {@code lossMask} is 0
 * @param lossMask (T) 1 where the policy-gradient term applies, else 0
 * @param oldLogProbs (T) the sampler's log-probability of the token where {@code lossMask} is 1, else 0
 * @param ceWeights (T) coefficient of the next-token (cross-entropy) term at this token, 0 where it does not apply
 * @param textLoss the next-token term
 * @param temperature temperature of the distribution behind {@code oldLogProbs}
 * @param forbiddenFirst token that could not be sampled at the first masked token (its probability was removed and
 *     the rest renormalised), or -1
 * @param preference set if the sequence is one side of a preference pair; null otherwise
 */
public record Experience(
        TokenArray tokens,
        FloatArray advantages,
        FloatArray lossMask,
        FloatArray oldLogProbs,
        FloatArray ceWeights,
        TextLoss textLoss,
        float temperature,
        int forbiddenFirst,
        @Nullable Preference preference) {
    public Experience {
        int length = tokens.length();
        if (advantages.length() != length
                || lossMask.length() != length
                || oldLogProbs.length() != length
                || ceWeights.length() != length) {
            throw new IllegalArgumentException("an experience of " + length + " tokens has arrays of "
                    + advantages.length() + ", " + lossMask.length() + ", " + oldLogProbs.length() + " and "
                    + ceWeights.length());
        }
    }

    /** With the likelihood as next-token term and no preference pair. */
    public Experience(
            TokenArray tokens,
            FloatArray advantages,
            FloatArray lossMask,
            FloatArray oldLogProbs,
            FloatArray ceWeights,
            float temperature,
            int forbiddenFirst) {
        this(
                tokens,
                advantages,
                lossMask,
                oldLogProbs,
                ceWeights,
                TextLoss.LIKELIHOOD,
                temperature,
                forbiddenFirst,
                null);
    }

    /**
     * Both sides of a pair for {@code DirectPreference}.
     *
     * @param pair unique among the pairs of a step
     * @param context tokens that both responses follow, at least one
     * @param chosen the better response, at least one token
     * @param rejected the worse one, at least one token
     */
    public static List<Experience> preference(
            String pair, TokenArray context, TokenArray chosen, TokenArray rejected, double beta) {
        int from = context.length();
        return List.of(
                side(context.concat(chosen), new Preference(pair, true, from, beta)),
                side(context.concat(rejected), new Preference(pair, false, from, beta)));
    }

    private static Experience side(TokenArray tokens, Preference preference) {
        FloatArray zeros = FloatArray.zeros(tokens.length());
        if (preference.from() < 1 || preference.from() >= tokens.length()) {
            throw new IllegalArgumentException("a response to be compared begins at token " + preference.from()
                    + " of a sequence of " + tokens.length() + ", so that it or its context is empty");
        }
        return new Experience(tokens, zeros, zeros, zeros, zeros, TextLoss.LIKELIHOOD, 1f, -1, preference);
    }

    /**
     * A sequence trained by plain next-token prediction on every token but the first.
     *
     * @param weight coefficient of each term
     * @param skipped token ids that are context only, never targets
     */
    public static Experience nextToken(TokenArray tokens, float weight, Set<Integer> skipped) {
        float[] weights = new float[tokens.length()];
        for (int t = 1; t < weights.length; t++) {
            weights[t] = skipped.contains(tokens.at(t)) ? 0 : weight;
        }
        return nextToken(tokens, FloatArray.of(weights));
    }

    /**
     * A sequence trained by next-token prediction with a coefficient of its own for each token.
     *
     * @param weights (T) coefficient of each term, 0 for none
     */
    public static Experience nextToken(TokenArray tokens, FloatArray weights) {
        return nextToken(tokens, weights, TextLoss.LIKELIHOOD);
    }

    /**
     * A sequence trained with another next-token term.
     *
     * @param weights (T) coefficient of each term, 0 for none
     */
    public static Experience nextToken(TokenArray tokens, FloatArray weights, TextLoss loss) {
        FloatArray zeros = FloatArray.zeros(tokens.length());
        return new Experience(tokens, zeros, zeros, zeros, weights, loss, 1f, -1, null);
    }

    /**
     * The responses of a group, in order, trained by policy gradient with one advantage each.
     *
     * @param advantages one per rollout
     */
    public static List<Experience> policyGradient(ScoredGroup scored, double[] advantages) {
        RolloutGroup group = scored.group();
        List<Experience> experiences = new ArrayList<>();
        for (int i = 0; i < advantages.length; i++) {
            Rollout rollout = group.rollouts().get(i);
            experiences.add(policyGradient(group.context(), rollout, advantages[i], group.forbiddenFirst()));
        }
        return experiences;
    }

    /**
     * A sampled response trained by policy gradient: {@code advantage} on every sampled token of the rollout, nothing
     * on the context nor on forced tokens.
     *
     * @param context tokens the response was sampled from, at least one
     * @throws IllegalArgumentException when the context is empty
     */
    public static Experience policyGradient(TokenArray context, Rollout rollout, double advantage, int forbiddenFirst) {
        if (context.isEmpty()) {
            throw new IllegalArgumentException("a response without the tokens it was sampled from cannot be trained");
        }
        TokenArray tokens = context.concat(rollout.response().slice(0, rollout.sampledLength()));
        float[] advantages = new float[tokens.length()];
        float[] mask = new float[tokens.length()];
        float[] old = new float[tokens.length()];
        for (int i = 0; i < rollout.sampledLength(); i++) {
            advantages[context.length() + i] = (float) advantage;
            mask[context.length() + i] = 1;
            old[context.length() + i] = rollout.logProbs().at(i);
        }
        return new Experience(
                tokens,
                FloatArray.of(advantages),
                FloatArray.of(mask),
                FloatArray.of(old),
                FloatArray.zeros(tokens.length()),
                rollout.temperature(),
                forbiddenFirst);
    }
}
