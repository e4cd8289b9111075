package io.foretell.rollout;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.TokenArray;
import io.foretell.domain.Tokenizer;
import io.foretell.platform.Json;
import io.foretell.policy.Completion;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Responses to completion and chat requests. Immutable, thread-safe.
 *
 * @param chat whether it is a chat response
 * @param withTokenIds whether to include the prompt's token ids and, in a chat, the sampled ones
 * @param tokensAsIds whether log-probabilities name tokens as {@code token_id:7}
 */
record AnswerWriter(
        CompletionRequest generation, Tokenizer tokenizer, boolean chat, boolean withTokenIds, boolean tokensAsIds) {
    static AnswerWriter of(CompletionRequest generation, Tokenizer tokenizer, boolean chat, RequestBody fields) {
        return new AnswerWriter(
                generation,
                tokenizer,
                chat,
                fields.flag("return_token_ids", false),
                fields.flag("return_tokens_as_token_ids", false));
    }

    /** @param samples the samples of each prompt */
    ObjectNode write(List<List<Completion>> samples, String id, long version, long now) {
        ObjectNode answer = Json.mapper().createObjectNode();
        answer.put("id", (chat ? "chatcmpl-" : "cmpl-") + id)
                .put("object", chat ? "chat.completion" : "text_completion")
                .put("created", now)
                .put("model", "policy-" + version);
        ArrayNode choices = answer.putArray("choices");
        int promptTokens = 0;
        int completionTokens = 0;
        for (int p = 0; p < samples.size(); p++) {
            TokenArray prompt = generation.prompts().get(p);
            promptTokens += prompt.length();
            for (Completion sample : samples.get(p)) {
                completionTokens += sample.tokens().length();
                choice(choices.addObject(), choices.size() - 1, sample, prompt).put("policy_version", version);
            }
        }
        if (chat && withTokenIds) {
            Choice.ids(answer.putArray("prompt_token_ids"), generation.prompts().get(0));
        }
        answer.putObject("usage")
                .put("prompt_tokens", promptTokens)
                .put("completion_tokens", completionTokens)
                .put("total_tokens", promptTokens + completionTokens);
        return answer;
    }

    private ObjectNode choice(ObjectNode node, int index, Completion sample, TokenArray prompt) {
        Choice choice = Choice.of(node, index, sample, generation, tokenizer);
        if (chat) {
            node.putObject("message").put("role", "assistant").put("content", choice.text());
        } else {
            node.put("text", choice.text());
        }
        if (!chat || withTokenIds) {
            choice.tokenIds();
        }
        if (!chat && withTokenIds) {
            Choice.ids(node.putArray("prompt_token_ids"), prompt);
        }
        if (!generation.logprobs()) {
            node.putNull("logprobs");
        } else if (chat) {
            chatLogprobs(node.putObject("logprobs").putArray("content"), sample);
        } else {
            logprobs(node.putObject("logprobs"), sample);
        }
        return node;
    }

    private void logprobs(ObjectNode node, Completion sample) {
        ArrayNode tokens = node.putArray("tokens");
        ArrayNode values = node.putArray("token_logprobs");
        ArrayNode offsets = node.putArray("text_offset");
        int offset = 0;
        for (int t = 0; t < sample.tokens().length(); t++) {
            String token = name(sample.tokens().at(t));
            tokens.add(token);
            values.add(sample.policyLogProbs().at(t));
            offsets.add(offset);
            offset += text(sample.tokens().at(t)).length();
        }
        node.putNull("top_logprobs");
    }

    private void chatLogprobs(ArrayNode content, Completion sample) {
        for (int t = 0; t < sample.tokens().length(); t++) {
            int token = sample.tokens().at(t);
            ObjectNode one = content.addObject();
            one.put("token", name(token)).put("logprob", sample.policyLogProbs().at(t));
            ArrayNode bytes = one.putArray("bytes");
            for (byte each : text(token).getBytes(StandardCharsets.UTF_8)) {
                bytes.add(each & 0xff);
            }
            one.putArray("top_logprobs");
        }
    }

    private String name(int token) {
        return tokensAsIds ? "token_id:" + token : text(token);
    }

    private String text(int token) {
        return tokenizer.decode(TokenArray.of(token));
    }
}
