package io.foretell.objectives;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.FloatArray;
import io.foretell.domain.Options;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.losses.AdvantageEstimator;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Span corruption, UL2's mixture of denoisers (Tay et al., arXiv 2205.05131) for a decoder: sentinels replace spans of
 * the text, and the model then writes the spans.
 *
 * <pre>
 * text       a b c d e f g h            spans c d | g
 * prompt     [mode] a b &lt;0&gt; e f &lt;1&gt; h
 * target     &lt;0&gt; c d &lt;1&gt; g &lt;2&gt;
 * L          = -(1/N) sum over target tokens of log p_theta(target_t | prompt, target_&lt;t)
 * </pre>
 *
 * <p>Each document and visit draws one denoiser, uniformly from UL2's seven: mean span 3 or 8 at 15 % (R); 3 or 8 at 50 %,
 * 64 at 15 % or 50 % (X); the last quarter, as one span that ends the text (S). With n = round(length * rate) corrupted
 * tokens, round(n / mean span) spans, at least one of each, are laid out by two uniform random compositions, as T5 does
 * (Raffel et al., arXiv 1910.10683): kept and corrupted pieces alternate, a kept one first.
 *
 * <p>Where we differ: there is no encoder, so the prompt is seen left to right; an S target needs no sentinels, as in
 * the paper. There is at most one span fewer than sentinels, because the last sentinel ends the target. A document is
 * one task; one longer than {@code max_prompt_length} tokens starts at a random position. Begin-of-text and end-of-text
 * are corrupted like all tokens.
 *
 * <p>Options: {@code sentinels}, at least two tokens of the vocabulary, in order; {@code modes}, three tokens for R, X and
 * S, none by default.
 */
public final class SpanCorruption implements TextObjective {
    public static final String NAME = "ul2";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "span corruption",
            "Spans of the text are replaced by sentinels and written out afterwards: UL2's mixture of "
                    + "denoisers (Tay et al., arXiv 2205.05131) for a decoder.",
            List.of("sentinels", "modes"));

    /** Registers the method with {@link java.util.ServiceLoader}. */
    public static final class Provider implements ObjectiveProvider {
        @Override
        public ObjectiveDescription description() {
            return DESCRIPTION;
        }

        @Override
        public Objective create(ObjectiveSettings settings) {
            return new SpanCorruption(settings);
        }
    }

    /** @param rate share of tokens that are corrupted */
    private record Denoiser(int mode, double meanSpan, double rate) {}

    private static final int R = 0;
    private static final int X = 1;
    private static final int S = 2;
    private static final int SHORTEST = 4;
    private static final List<Denoiser> MIXTURE = List.of(
            new Denoiser(R, 3, 0.15),
            new Denoiser(R, 8, 0.15),
            new Denoiser(X, 3, 0.5),
            new Denoiser(X, 8, 0.5),
            new Denoiser(X, 64, 0.15),
            new Denoiser(X, 64, 0.5),
            new Denoiser(S, Double.POSITIVE_INFINITY, 0.25));

    private final int longest;
    private final int[] sentinels;
    private final int[] modes;

    public SpanCorruption(ObjectiveSettings settings) {
        Options options = new Options(NAME, settings.options());
        this.longest = settings.maxPromptLength();
        this.sentinels = tokens(settings.tokenizer(), options.texts("sentinels"));
        this.modes = tokens(settings.tokenizer(), options.texts("modes"));
        options.refuseUnknown();
        if (sentinels.length < 2) {
            throw new IllegalArgumentException(
                    "phases: option 'sentinels' of objective 'ul2' needs at least two tokens");
        }
        if (modes.length != 0 && modes.length != 3) {
            throw new IllegalArgumentException("phases: option 'modes' of objective 'ul2' needs three tokens or none");
        }
    }

    private static int[] tokens(Tokenizer tokenizer, List<String> texts) {
        return texts.stream().mapToInt(text -> Options.token(tokenizer, text)).toArray();
    }

    @Override
    public ObjectiveDescription description() {
        return DESCRIPTION;
    }

    @Override
    public List<Example> examples(Document document, TokenArray tokens, RandomGenerator random) {
        if (tokens.length() < SHORTEST) {
            return List.of();
        }
        int from = tokens.length() <= longest ? 0 : random.nextInt(tokens.length() - longest + 1);
        TokenArray text = tokens.slice(from, Math.min(tokens.length(), from + longest));
        Denoiser denoiser = MIXTURE.get(random.nextInt(MIXTURE.size()));
        TokenArray mode = modes.length == 0 ? TokenArray.EMPTY : TokenArray.of(modes[denoiser.mode()]);
        int noise = Math.max(1, Math.min((int) Math.round(text.length() * denoiser.rate()), text.length() - 1));
        if (denoiser.mode() == S) {
            int kept = text.length() - noise;
            return List.of(new Example(mode.concat(text.slice(0, kept)), text.slice(kept, text.length())));
        }
        int most = Math.min(sentinels.length - 1, Math.min(noise, text.length() - noise));
        int spans = (int) Math.max(1, Math.min(Math.round(noise / denoiser.meanSpan()), most));
        return List.of(corrupted(mode, text, parts(text.length() - noise, spans, random), parts(noise, spans, random)));
    }

    /** A uniformly random composition of {@code total} into {@code count} positive numbers. */
    private static int[] parts(int total, int count, RandomGenerator random) {
        int[] ends = new int[count];
        int chosen = 0;
        for (int end = 1; end < total && chosen < count - 1; end++) {
            if (random.nextInt(total - end) < count - 1 - chosen) {
                ends[chosen++] = end;
            }
        }
        ends[count - 1] = total;
        int[] parts = ends.clone();
        for (int i = 1; i < count; i++) {
            parts[i] = ends[i] - ends[i - 1];
        }
        return parts;
    }

    private Example corrupted(TokenArray mode, TokenArray text, int[] kept, int[] noise) {
        TokenArray prompt = mode;
        TokenArray target = TokenArray.EMPTY;
        int at = 0;
        for (int i = 0; i < kept.length; i++) {
            prompt = prompt.concat(text.slice(at, at + kept[i])).append(sentinels[i]);
            at += kept[i];
            target = target.append(sentinels[i]).concat(text.slice(at, at + noise[i]));
            at += noise[i];
        }
        return new Example(prompt, target.append(sentinels[kept.length]));
    }

    @Override
    public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        TokenArray prompt = group.task().prompt();
        TokenArray tokens = prompt.concat(group.task().target());
        float[] weights = new float[tokens.length()];
        Arrays.fill(weights, prompt.length(), tokens.length(), 1f);
        return List.of(Experience.nextToken(tokens, FloatArray.of(weights)));
    }
}
