package io.foretell.objectives;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.Options;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.losses.AdvantageEstimator;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * Conditional training, of PHF, Pretraining Language Models with Human Preferences (Korbak et al., arXiv 2302.08582): a
 * control token before each segment says whether it is good. At inference, prompts ask for good text.
 *
 * <pre>
 * x' = [ tag(seg_1) seg_1 tag(seg_2) seg_2 ... ]      tag = good if score &lt;= tau else bad; each is left out with
 *                                                     probability drop
 * L  = -(1/N) sum_t log p_theta(x'_t | x'_&lt;t)         over all tokens, tags included
 * </pre>
 *
 * <p>At inference a prompt starts with the good tag, and sampling forbids both tags. The client is responsible for
 * this.
 *
 * <p>Where we differ: scores come from a rule ({@link Segments}), not a classifier. A tagged document longer than
 * {@code max_prompt_length + 1} tokens becomes several tasks, as for {@link NextTokenPrediction}, and a task may then
 * start inside a segment, without its tag. A begin-of-text token stays in front of the first tag, and an end-of-text
 * token belongs to the last segment.
 *
 * <p>Options: {@code good} and {@code bad}, the tags, each one token of the vocabulary ({@code <|aligned|>},
 * {@code <|misaligned|>}); {@code banned}, texts that make a segment bad, at least one; {@code segment_ends}, texts of one
 * token that end a segment (a line feed); {@code threshold}, tau (0); {@code drop_token_fraction}, drop (0.01, the paper's
 * for text; 0.1 for code).
 */
public final class ConditionalTraining implements TextObjective {
    public static final String NAME = "phf-conditional";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "pretraining with human preferences: conditional training",
            "Writes a control token before each segment that says whether it is good, so that a sampler "
                    + "can ask for good text. PHF (Korbak et al., arXiv 2302.08582).",
            List.of("good", "bad", "banned", "segment_ends", "threshold", "drop_token_fraction"));

    /** Registers the method with {@link java.util.ServiceLoader}. */
    public static final class Provider implements ObjectiveProvider {
        @Override
        public ObjectiveDescription description() {
            return DESCRIPTION;
        }

        @Override
        public Objective create(ObjectiveSettings settings) {
            return new ConditionalTraining(settings);
        }
    }

    private final int maxLength;
    private final Tokenizer tokenizer;
    private final Segments segments;
    private final double threshold;
    private final double drop;
    private final int good;
    private final int bad;

    public ConditionalTraining(ObjectiveSettings settings) {
        Options options = new Options(NAME, settings.options());
        this.tokenizer = settings.tokenizer();
        this.segments = Segments.read(options, tokenizer);
        this.threshold = options.number("threshold", 0, 0, 1);
        this.drop = options.number("drop_token_fraction", 0.01, 0, 1);
        this.good = Options.token(tokenizer, options.text("good", "<|aligned|>"));
        this.bad = Options.token(tokenizer, options.text("bad", "<|misaligned|>"));
        options.refuseUnknown();
        this.maxLength = settings.maxPromptLength() + 1;
    }

    @Override
    public ObjectiveDescription description() {
        return DESCRIPTION;
    }

    @Override
    public List<Example> examples(Document document, TokenArray tokens, RandomGenerator random) {
        return Chunks.of(tagged(tokens, random), maxLength);
    }

    /** x'. */
    private TokenArray tagged(TokenArray tokens, RandomGenerator random) {
        TokenArray text = tokenizer.withoutBegin(tokens);
        TokenArray tagged = tokens.slice(0, tokens.length() - text.length());
        for (Segments.Segment segment : segments.split(text)) {
            if (random.nextDouble() >= drop) {
                tagged = tagged.append(segment.score() <= threshold ? good : bad);
            }
            tagged = tagged.concat(segment.tokens());
        }
        return tagged;
    }

    @Override
    public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        return List.of(Experience.nextToken(group.task().target(), 1f, Set.of()));
    }
}
