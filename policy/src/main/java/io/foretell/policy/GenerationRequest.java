package io.foretell.policy;

import io.foretell.domain.TokenArray;
import io.foretell.huggingface.PolicyException;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A prompt to continue.
 *
 * @param prompt at least one token
 * @param seeds one per continuation; the same seed gives the same tokens whatever else is in the batch
 * @param stops makes a stop condition for each continuation, such as {@link StopText}; null for none
 */
public record GenerationRequest(
        TokenArray prompt,
        List<Long> seeds,
        SamplingParameters sampling,
        @Nullable Supplier<StopCondition> stops) {
    public GenerationRequest {
        seeds = List.copyOf(seeds);
        if (prompt.isEmpty()) {
            throw new PolicyException("a prompt needs at least one token");
        }
        if (seeds.isEmpty()) {
            throw new PolicyException("a request needs at least one seed, one for each continuation");
        }
    }

    public GenerationRequest(TokenArray prompt, List<Long> seeds, SamplingParameters sampling) {
        this(prompt, seeds, sampling, null);
    }

    /** The same request, only for continuations {@code from} (inclusive) to {@code to} (exclusive). */
    GenerationRequest part(int from, int to) {
        return new GenerationRequest(prompt, seeds.subList(from, to), sampling, stops);
    }
}
