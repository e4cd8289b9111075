package io.foretell.policy;

/**
 * How busy a sampler is.
 *
 * @param running active continuations, and those prefilled ahead that wait for a place
 * @param waiting requests that wait for room in the cache
 * @param cacheTokens current size of the KV cache, in tokens
 */
public record SamplerLoad(int running, int waiting, int cacheTokens) {
    public static final SamplerLoad NONE = new SamplerLoad(0, 0, 0);
}
