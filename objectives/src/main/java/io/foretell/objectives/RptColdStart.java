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
 * A warm-up for {@link Rpt} of a model that boxes nothing by itself, so that RPT has something to reward: next-token
 * prediction on the form of an answer, with an empty thought.
 *
 * <pre>x' = [ x_&lt;t  think  /think  \boxed{ x_t }  end ]          at one random position t of the document
 * L  = -(1/N) sum_u log p_theta(x'_u | x'_&lt;u)                 over all tokens but the opening tag</pre>
 *
 * <p>Where x_t alone has no text, the tokens up to the next one that has stand in the box. Not in the paper, which starts
 * from a model that reasons and boxes. A model that has learnt the form does not think yet; RPT must find that it pays.
 *
 * <p>Options: those of {@link Rpt} which say where documents are cut and how an answer looks, to be the same as in the
 * phase after it.
 */
public final class RptColdStart implements TextObjective {
    public static final String NAME = "rpt-cold-start";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "warm-up for next-token reasoning",
            "Next-token prediction on the form of an RPT answer with an empty thought, for a model that "
                    + "boxes nothing by itself.",
            Rpt.DESCRIPTION.options());

    /** Makes it known to {@link java.util.ServiceLoader}. */
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

    /** {@inheritDoc} The target is all of x'. */
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
