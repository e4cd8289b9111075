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
import java.util.stream.Collectors;

/**
 * NTP, plain next-token prediction: continued pretraining, the warm-up of every other method and its control.
 *
 * <pre>L = -(1/N) sum_t log p_theta(x_t | x_&lt;t)      N = tokens of the whole optimizer step</pre>
 *
 * <p>A document longer than {@code max_prompt_length + 1} tokens becomes several tasks. Each chunk starts with the last
 * token of the previous one, so every token but the first is predicted exactly once.
 *
 * <p>Option {@code inserted}: tokens that the system writes and the model never has to predict, such as the tag that
 * opens a thought ({@code ["<think>"]}); they are context but not targets. None by default.
 */
public final class NextTokenPrediction implements TextObjective {
    public static final String NAME = "ntp";

    static final ObjectiveDescription DESCRIPTION = new ObjectiveDescription(
            NAME,
            "next-token prediction",
            "Plain continued pretraining: the warm-up of every other method, and its control.",
            List.of("inserted"));

    /** Registers the method with {@link java.util.ServiceLoader}. */
    public static final class Provider implements ObjectiveProvider {
        @Override
        public ObjectiveDescription description() {
            return DESCRIPTION;
        }

        @Override
        public Objective create(ObjectiveSettings settings) {
            return new NextTokenPrediction(settings);
        }
    }

    private final int maxLength;
    private final Set<Integer> inserted;

    public NextTokenPrediction(ObjectiveSettings settings) {
        Options options = new Options(NAME, settings.options());
        this.maxLength = settings.maxPromptLength() + 1;
        this.inserted = options.texts("inserted").stream()
                .map(tag -> Options.token(settings.tokenizer(), tag))
                .collect(Collectors.toSet());
        options.refuseUnknown();
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
        return List.of(Experience.nextToken(group.task().target(), 1f, inserted));
    }
}
