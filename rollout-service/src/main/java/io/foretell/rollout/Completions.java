package io.foretell.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.domain.TokenArray;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The body of {@code POST /v1/completions} as OpenAI and vLLM define it. Pure functions. */
final class Completions {
    private static final Set<String> KEYS = keys();
    private static final int DEFAULT_MAX_TOKENS = 16;

    private Completions() {}

    private static Set<String> keys() {
        Set<String> keys = new HashSet<>(CompletionRequest.KEYS);
        keys.add("prompt");
        return Set.copyOf(keys);
    }

    static CompletionRequest read(JsonNode body, ServedModel model) {
        RequestBody fields = new RequestBody(body);
        fields.requireKnown(KEYS);
        List<TokenArray> prompts =
                Prompts.read(fields.get("prompt"), model.tokenizer(), fields.flag("add_special_tokens", true));
        int longest = prompts.stream().mapToInt(TokenArray::length).max().orElse(0);
        int room = Math.max(1, model.contextLength() - longest);
        int maxTokens = fields.integer("max_tokens", Math.min(DEFAULT_MAX_TOKENS, room), 1, model.contextLength());
        return CompletionRequest.read(fields, prompts, maxTokens, logprobs(fields), model);
    }

    /* Alternatives to the sampled token are not computed. */
    private static boolean logprobs(RequestBody fields) {
        JsonNode given = fields.get("logprobs");
        return given.isBoolean() ? given.booleanValue() : fields.integer("logprobs", -1, 0, 1) >= 0;
    }
}
