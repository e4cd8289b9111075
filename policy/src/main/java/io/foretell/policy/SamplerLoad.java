package io.foretell.policy;

/**
 * How busy a sampler is.
 *
 * @param running continuations that grow, or are prefilled and take the place of the next that ends
 * @param waiting requests that wait for room
 * @param cacheTokens tokens whose keys and values there is room for now
 */
public record SamplerLoad(int running, int waiting, int cacheTokens) {
    public static final SamplerLoad NONE = new SamplerLoad(0, 0, 0);
}
