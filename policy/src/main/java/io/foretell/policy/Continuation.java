package io.foretell.policy;

import io.foretell.domain.FinishReason;
import io.foretell.domain.FloatArray;
import io.foretell.domain.TokenArray;
import io.foretell.domain.VersionRange;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** One active continuation: a row of the sampler. Confined to the policy's thread. */
final class Continuation {
    final RunningRequest generation;
    final SamplingParameters sampling;
    private final int index;
    private final SplittableRandom random;
    private final @Nullable StopCondition stop;
    private final List<VersionRange> versions = new ArrayList<>();
    private int[] tokens = new int[16];
    private float[] logProbs = new float[16];
    private float[] policyLogProbs = new float[16];
    private int length;
    private boolean finished;

    Continuation(RunningRequest generation, int index) {
        this.generation = generation;
        this.sampling = generation.request.sampling();
        this.index = index;
        this.random = new SplittableRandom(generation.request.seeds().get(index));
        Supplier<StopCondition> stops = generation.request.stops();
        this.stop = stops == null ? null : stops.get();
    }

    int length() {
        return length;
    }

    /** Its own columns that hold keys and values; those of the last token are not computed yet. */
    int filled() {
        return length
                - 1
                + (generation.shares() ? 0 : generation.request.prompt().length());
    }

    int lastToken() {
        return tokens[length - 1];
    }

    /** Maximum number of tokens it may still add. */
    int left() {
        return sampling.maxTokens() - length;
    }

    /** Number of tokens before a stop token may appear. */
    int held() {
        return Math.max(0, sampling.minTokens() - length);
    }

    /** A number in [0, 1), one per token, from this continuation's own seed. */
    double nextUniform() {
        return random.nextDouble();
    }

    /** Whether it needs no more tokens. */
    boolean isFinished() {
        return finished || generation.isOver();
    }

    /** Adds a sampled token; ends at a stop token, the stop condition or the maximum length. */
    void accept(int token, double logProb, double policyLogProb, long version) {
        if (length == tokens.length) {
            tokens = Arrays.copyOf(tokens, 2 * length);
            logProbs = Arrays.copyOf(logProbs, 2 * length);
            policyLogProbs = Arrays.copyOf(policyLogProbs, 2 * length);
        }
        tokens[length] = token;
        logProbs[length] = (float) logProb;
        policyLogProbs[length] = (float) policyLogProb;
        length++;
        mark(version);
        boolean reached = stop != null && stop.isReached(new int[] {token}) && length >= sampling.minTokens();
        if (reached || sampling.stopTokens().contains(token)) {
            finish(FinishReason.STOP);
        } else if (length == sampling.maxTokens()) {
            finish(FinishReason.LENGTH);
        }
    }

    private void mark(long version) {
        int last = versions.size() - 1;
        if (last >= 0 && versions.get(last).version() == version) {
            versions.set(last, new VersionRange(version, versions.get(last).start(), length));
        } else {
            versions.add(new VersionRange(version, length - 1, length));
        }
    }

    private void finish(FinishReason reason) {
        finished = true;
        generation.finish(
                index,
                new Completion(
                        TokenArray.of(Arrays.copyOf(tokens, length)),
                        FloatArray.of(Arrays.copyOf(logProbs, length)),
                        FloatArray.of(Arrays.copyOf(policyLogProbs, length)),
                        reason,
                        generation.request.seeds().get(index),
                        versions));
    }
}
