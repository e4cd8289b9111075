package io.foretell.objectives;

import io.foretell.domain.Document;
import io.foretell.domain.Example;
import io.foretell.domain.Experience;
import io.foretell.domain.ScoredGroup;
import io.foretell.domain.TokenArray;
import io.foretell.losses.AdvantageEstimator;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * A warm-up for {@link Rpt}, for models that do not box answers by themselves and would give RPT nothing to reward:
 * next-token prediction on the answer format, with an empty thought.
 *
 * <pre>x' = [ x_&lt;t  think  /think  \boxed{ x_t }  end ]          at one random position t of the document
 * L  = -(1/N) sum_u log p_theta(x'_u | x'_&lt;u)                 over all tokens but the opening tag</pre>
 *
 * <p>If x_t alone has no text, the box contains the tokens up to the first position that has. Not in the paper, which
 * starts from a model that reasons and boxes. A model that has learnt the format does not think yet; RPT must discover
 * that thinking pays.
 *
 * <p>Options: those of {@link Rpt} for cutting documents and for the answer format; set them as in the phase that
 * follows.
 */
public final class RptColdStart implements TextObjective {
    public static final String NAME = "rpt-cold-start";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "warm-up for next-token reasoning",
            "Next-token prediction on the form of an RPT answer with an empty thought, for a model that "
                    + "boxes nothing by itself.",
            Rpt.DESCRIPTION.options());

    /** Registers the method with {@link java.util.ServiceLoader}. */
    public static final class Provider implements ObjectiveProvider {
        @Override
        public ObjectiveDescription description() {
            return DESCRIPTION;
        }

        @Override
        public Objective create(ObjectiveSettings settings) {
            return new RptColdStart(settings);
        }
    }

    private final Rpt rpt;
    private final Set<Integer> inserted;

    public RptColdStart(ObjectiveSettings settings) {
        this.rpt = new Rpt(settings);
        this.inserted = Set.of(rpt.open());
    }

    @Override
    public ObjectiveDescription description() {
        return DESCRIPTION;
    }

    /** {@inheritDoc} The target is the whole of x'. */
    @Override
    public List<Example> examples(Document document, TokenArray tokens, RandomGenerator random) {
        return rpt.examples(document, tokens, random).stream()
                .map(cut -> new Example(TokenArray.EMPTY, rpt.demonstration(cut)))
                .toList();
    }

    @Override
    public List<Experience> experiences(ScoredGroup group, AdvantageEstimator estimator) {
        return List.of(Experience.nextToken(group.task().target(), 1f, inserted));
    }
}
