package io.foretell.domain;

import java.util.List;

/**
 * One response to a task's prompt: a sample, or an unsampled candidate ({@code Objective#withCandidates}).
 *
 * @param sampleIndex 0 to G-1 within its group
 * @param attempt 1 for the first try; counts redeliveries of the task
 * @param response sampled tokens, followed by {@code forced} tokens that the sampler appended
 * @param logProbs log-probability in nats of each response token under the distribution actually sampled (temperature
 *     and forbidden tokens included); 0 for forced tokens
 * @param forced how many tokens at the end were appended, not sampled (a closing tag); they are never trained on
 * @param temperature the temperature actually used
 * @param seed the seed of this rollout
 * @param finishReason why it ended; LENGTH means the thought was truncated
 * @param versions which policy version sampled which tokens, in order, without gaps; empty if nothing was sampled
 * @param origin where it comes from
 */
public record Rollout(
        int sampleIndex,
        int attempt,
        TokenArray response,
        FloatArray logProbs,
        int forced,
        float temperature,
        long seed,
        FinishReason finishReason,
        List<VersionRange> versions,
        Origin origin) {
    public Rollout {
        if (response.length() != logProbs.length()) {
            throw new IllegalArgumentException("a rollout has " + response.length() + " response tokens but "
                    + logProbs.length() + " log-probabilities");
        }
        if (forced < 0 || forced > response.length()) {
            throw new IllegalArgumentException(
                    "a rollout of " + response.length() + " tokens cannot have " + forced + " forced ones");
        }
        versions = List.copyOf(versions);
    }

    /** A sampled response. */
    public Rollout(
            int sampleIndex,
            int attempt,
            TokenArray response,
            FloatArray logProbs,
            int forced,
            float temperature,
            long seed,
            FinishReason finishReason,
            List<VersionRange> versions) {
        this(
                sampleIndex,
                attempt,
                response,
                logProbs,
                forced,
                temperature,
                seed,
                finishReason,
                versions,
                Origin.SAMPLED);
    }

    /** An unsampled response. */
    public static Rollout candidate(int sampleIndex, TokenArray response, Origin origin) {
        return new Rollout(
                sampleIndex,
                1,
                response,
                FloatArray.zeros(response.length()),
                0,
                1,
                0,
                FinishReason.STOP,
                List.of(),
                origin);
    }

    public boolean isSampled() {
        return origin == Origin.SAMPLED;
    }

    /** Number of sampled tokens, those that policy gradient may train on. */
    public int sampledLength() {
        return isSampled() ? response.length() - forced : 0;
    }

    /** The response without forced tokens. */
    public TokenArray unforcedTokens() {
        return response.slice(0, response.length() - forced);
    }

    /** The oldest policy version among the tokens; -1 when there are none. */
    public long oldestVersion() {
        return versions.stream().mapToLong(VersionRange::version).min().orElse(-1);
    }

    /** The newest policy version among the tokens; -1 when there are none. */
    public long newestVersion() {
        return versions.stream().mapToLong(VersionRange::version).max().orElse(-1);
    }
}
