package io.foretell.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.objectives.FinishReason;
import io.foretell.objectives.TokenArray;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import io.foretell.policy.GenerationRequest;
import io.foretell.policy.HuggingFaceTokenizer;
import io.foretell.policy.Sample;
import io.foretell.policy.SamplingParameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * The body of {@code POST /v1/completions} as OpenAI and vLLM define it, and its answer. Keys that would change the
 * result and are not supported are refused by name, never ignored. Immutable.
 *
 * @param prompts token ids per prompt
 * @param n continuations per prompt
 * @param stopToken token that ends a continuation, or -1
 */
record Completions(
        List<TokenArray> prompts, int n, int maxTokens, float temperature, long seed, boolean logprobs, int stopToken) {
    private static final Set<String> KNOWN = Set.of(
            "model",
            "prompt",
            "n",
            "max_tokens",
            "temperature",
            "seed",
            "logprobs",
            "ignore_eos",
            "user",
            "return_token_ids",
            "request_id",
            "stop_token_id");
    private static final int MOST_CONTINUATIONS = 1024;

    static Completions parse(JsonNode body, HuggingFaceTokenizer tokenizer, int maxResponseLength) {
        body.fieldNames().forEachRemaining(key -> {
            if (!KNOWN.contains(key) && !neutral(key, body.get(key))) {
                throw invalid("'" + key + "' is not supported by this server; leave it out");
            }
        });
        List<TokenArray> prompts = prompts(body.path("prompt"), tokenizer);
        int n = integer(body, "n", 1, 1, MOST_CONTINUATIONS);
        int maxTokens = integer(body, "max_tokens", 16, 1, maxResponseLength);
        JsonNode given = body.path("temperature");
        float temperature = isAbsent(given) ? 1f : given.floatValue(); // 0 where it is not a number
        if (!(temperature > 0) || temperature > 100) {
            throw invalid("'temperature' must be a number above 0; for a greedy answer use a small one such as 0.001");
        }
        JsonNode wanted = body.path("seed");
        if (!isAbsent(wanted) && !(wanted.isIntegralNumber() && wanted.canConvertToLong())) {
            throw invalid("'seed' is " + wanted + " but must be a whole number of at most 64 bits");
        }
        long seed = isAbsent(wanted) ? new SplittableRandom().nextLong() : wanted.longValue();
        JsonNode endless = body.path("ignore_eos");
        if (!isAbsent(endless) && !endless.isBoolean()) {
            throw invalid("'ignore_eos' is " + endless + " but must be true or false");
        }
        int end = tokenizer.endOfText().orElse(-1);
        int stop = integer(body, "stop_token_id", end, -1, tokenizer.vocabularySize() - 1);
        stop = endless.asBoolean() ? -1 : stop;
        return new Completions(prompts, n, maxTokens, temperature, seed, body.hasNonNull("logprobs"), stop);
    }

    /** Values that change nothing: a client library may send them always. */
    private static boolean neutral(String key, JsonNode value) {
        return value.isNull()
                || switch (key) {
                    case "top_p", "best_of", "repetition_penalty" -> is(value, 1);
                    case "top_k" -> is(value, -1) || is(value, 0);
                    case "min_p", "presence_penalty", "frequency_penalty" -> is(value, 0);
                    case "stream", "echo" -> value.isBoolean() && !value.asBoolean();
                    case "stop" -> value.isArray() && value.isEmpty();
                    default -> false;
                };
    }

    private static boolean is(JsonNode value, double number) {
        return value.isNumber() && value.doubleValue() == number;
    }

    private static boolean isAbsent(JsonNode value) {
        return value.isMissingNode() || value.isNull();
    }

    private static List<TokenArray> prompts(JsonNode prompt, HuggingFaceTokenizer tokenizer) {
        List<TokenArray> prompts = new ArrayList<>();
        if (prompt.isTextual()) {
            prompts.add(tokenizer.encode(prompt.asText()));
        } else if (prompt.isArray() && !prompt.isEmpty() && prompt.get(0).isInt()) {
            prompts.add(ids(prompt, tokenizer));
        } else if (prompt.isArray() && !prompt.isEmpty()) {
            for (JsonNode one : prompt) {
                prompts.addAll(prompts(one, tokenizer));
            }
        } else {
            throw invalid("'prompt' must be a text, a list of texts, a list of token ids or a list of such lists");
        }
        if (prompts.stream().anyMatch(TokenArray::isEmpty)) {
            throw invalid("a prompt is empty: it needs at least one token");
        }
        return prompts;
    }

    private static TokenArray ids(JsonNode list, HuggingFaceTokenizer tokenizer) {
        int[] ids = new int[list.size()];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = list.get(i).isInt() ? list.get(i).intValue() : -1;
            if (ids[i] < 0 || ids[i] >= tokenizer.vocabularySize()) {
                throw invalid("token " + list.get(i) + " of the prompt is not in the vocabulary of "
                        + tokenizer.vocabularySize() + " tokens");
            }
        }
        return TokenArray.of(ids);
    }

    private static int integer(JsonNode body, String key, int fallback, int min, int max) {
        if (!body.hasNonNull(key)) {
            return Math.min(fallback, max);
        }
        if (!body.get(key).isInt()
                || body.get(key).asInt() < min
                || body.get(key).asInt() > max) {
            throw invalid(
                    "'" + key + "' is " + body.get(key) + " but must be a whole number from " + min + " to " + max);
        }
        return body.get(key).asInt();
    }

    private static ForetellException invalid(String sentence) {
        return new ForetellException(ErrorCode.INVALID_REQUEST, sentence);
    }

    List<GenerationRequest> requests() {
        SplittableRandom seeds = new SplittableRandom(seed);
        List<GenerationRequest> requests = new ArrayList<>();
        for (TokenArray prompt : prompts) {
            List<Long> drawn = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                drawn.add(seeds.nextLong());
            }
            requests.add(new GenerationRequest(
                    prompt, drawn, SamplingParameters.plain(temperature, 0, maxTokens, stopToken)));
        }
        return requests;
    }

    ObjectNode answer(List<List<Sample>> samples, HuggingFaceTokenizer tokenizer, String id, long version, long now) {
        ObjectNode answer = Json.mapper().createObjectNode();
        answer.put("id", id)
                .put("object", "text_completion")
                .put("created", now)
                .put("model", "policy-" + version);
        ArrayNode choices = answer.putArray("choices");
        int promptTokens = 0;
        int completionTokens = 0;
        for (int p = 0; p < samples.size(); p++) {
            promptTokens += prompts.get(p).length();
            for (Sample sample : samples.get(p)) {
                completionTokens += sample.tokens().length();
                choice(choices.addObject(), choices.size() - 1, sample, tokenizer, version);
            }
        }
        answer.putObject("usage")
                .put("prompt_tokens", promptTokens)
                .put("completion_tokens", completionTokens)
                .put("total_tokens", promptTokens + completionTokens);
        return answer;
    }

    private void choice(ObjectNode choice, int index, Sample sample, HuggingFaceTokenizer tokenizer, long version) {
        boolean stopped = sample.finishReason() == FinishReason.STOP;
        int visible = stopped ? sample.tokens().length() - 1 : sample.tokens().length();
        choice.put("index", index)
                .put("text", tokenizer.decode(sample.tokens().slice(0, visible)))
                .put("finish_reason", stopped ? "stop" : "length")
                .put("policy_version", version);
        ArrayNode ids = choice.putArray("token_ids");
        for (int id : sample.tokens().toArray()) {
            ids.add(id);
        }
        if (logprobs) {
            ObjectNode node = choice.putObject("logprobs");
            ArrayNode tokens = node.putArray("tokens");
            ArrayNode values = node.putArray("token_logprobs");
            for (int t = 0; t < sample.tokens().length(); t++) {
                tokens.add("token_id:" + sample.tokens().at(t));
                values.add(sample.logProbs().at(t));
            }
        }
    }
}
