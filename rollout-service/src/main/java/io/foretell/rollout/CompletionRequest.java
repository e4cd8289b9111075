package io.foretell.rollout;

import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.huggingface.PolicyException;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.SamplingParameters;
import io.foretell.policy.StopText;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The parameters of a completion or chat request. Immutable.
 *
 * @param n continuations per prompt
 * @param stops strings that end a continuation and are not part of its text
 * @param namedStops the stop tokens named in the request
 * @param logprobs whether to return log-probabilities of the sampled tokens
 */
record CompletionRequest(
        List<TokenArray> prompts,
        int n,
        long seed,
        SamplingParameters sampling,
        List<String> stops,
        List<Integer> namedStops,
        boolean logprobs) {
    static final Set<String> KEYS = Set.of(
            "model",
            "n",
            "seed",
            "temperature",
            "top_p",
            "top_k",
            "min_p",
            "min_tokens",
            "max_tokens",
            "stop",
            "stop_token_id",
            "stop_token_ids",
            "ignore_eos",
            "logprobs",
            "user",
            "request_id",
            "add_special_tokens",
            "return_token_ids",
            "return_tokens_as_token_ids");
    private static final int MOST_CONTINUATIONS = 1024;
    private static final int MOST_STOPS = 16;
    private static final float LEAST_TOP_P = 1e-6f;
    private static final float MOST_MIN_P = 0.999999f;
    private static final int HOTTEST = 100;

    /** @param maxTokens read by the caller, because its key and default differ */
    static CompletionRequest read(
            RequestBody fields, List<TokenArray> prompts, int maxTokens, boolean logprobs, ServedModel model) {
        int vocabulary = model.tokenizer().vocabularySize();
        int n = fields.integer("n", 1, 1, MOST_CONTINUATIONS);
        if ((long) prompts.size() * n > MOST_CONTINUATIONS) {
            throw RequestBody.invalid(prompts.size() + " prompts with 'n' " + n + " are " + (long) prompts.size() * n
                    + " continuations; the most in one request is " + MOST_CONTINUATIONS);
        }
        int longest = prompts.stream().mapToInt(TokenArray::length).max().orElse(0);
        if (longest + maxTokens > model.contextLength()) {
            throw RequestBody.invalid("a prompt of " + longest + " tokens and " + maxTokens
                    + " more are beyond the model's context of " + model.contextLength() + " tokens");
        }
        List<Integer> named = new ArrayList<>();
        int one = fields.integer("stop_token_id", -1, -1, vocabulary - 1);
        if (one >= 0) {
            named.add(one);
        }
        named.addAll(Prompts.ids(fields.get("stop_token_ids"), "stop_token_ids", vocabulary));
        Set<Integer> stopTokens = new LinkedHashSet<>(named);
        if (!fields.flag("ignore_eos", false) && !fields.has("stop_token_id")) {
            stopTokens.addAll(model.endTokens());
        }
        int topK = fields.integer("top_k", 0, -1, Integer.MAX_VALUE);
        try {
            SamplingParameters sampling = new SamplingParameters(
                    fields.number("temperature", 1, 0, HOTTEST),
                    fields.number("top_p", 1, LEAST_TOP_P, 1),
                    Math.min(Math.max(topK, 0), vocabulary),
                    fields.number("min_p", 0, 0, MOST_MIN_P),
                    fields.integer("min_tokens", 0, 0, maxTokens),
                    maxTokens,
                    List.copyOf(stopTokens));
            return new CompletionRequest(
                    prompts, n, fields.seedOrAny(), sampling, fields.texts("stop", MOST_STOPS), named, logprobs);
        } catch (PolicyException e) {
            throw RequestBody.invalid(e.getMessage());
        }
    }

    List<GenerationRequest> requests(Tokenizer tokenizer) {
        SplittableRandom seeds = new SplittableRandom(seed);
        List<GenerationRequest> requests = new ArrayList<>();
        for (TokenArray prompt : prompts) {
            List<Long> drawn = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                drawn.add(seeds.nextLong());
            }
            requests.add(new GenerationRequest(
                    prompt, drawn, sampling, StopText.factory(tokenizer, stops, sampling.minTokens())));
        }
        return requests;
    }
}
