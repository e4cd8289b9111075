package io.foretell.rollout;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.domain.TokenArray;
import io.foretell.huggingface.ChatTemplate;
import io.foretell.huggingface.ChatTemplateException;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.ForetellException;
import io.foretell.platform.Json;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The body of {@code POST /v1/chat/completions} as OpenAI and vLLM define it. Pure functions. */
final class ChatCompletions {
    private static final Set<String> KEYS = keys();

    private ChatCompletions() {}

    private static Set<String> keys() {
        Set<String> keys = new HashSet<>(CompletionRequest.KEYS);
        keys.addAll(List.of(
                "messages",
                "tools",
                "tool_choice",
                "max_completion_tokens",
                "chat_template_kwargs",
                "add_generation_prompt"));
        return Set.copyOf(keys);
    }

    /** @param usualTokens default maximum tokens of an answer */
    static CompletionRequest read(JsonNode body, ServedModel model, int usualTokens) {
        RequestBody fields = new RequestBody(body);
        fields.requireKnown(KEYS);
        boolean logprobs = fields.flag("logprobs", false);
        ArrayNode messages = ChatMessages.read(fields.get("messages"));
        TokenArray prompt = model.tokenizer().encode(text(fields, messages, model));
        if (fields.flag("add_special_tokens", false)) {
            prompt = model.tokenizer().withBegin(prompt);
        }
        if (prompt.isEmpty()) {
            throw new ForetellException(
                    ErrorCode.UNPROCESSABLE, "the model's chat template makes an empty prompt of these messages");
        }
        int room = Math.max(1, model.contextLength() - prompt.length());
        String key = fields.has("max_completion_tokens") ? "max_completion_tokens" : "max_tokens";
        int maxTokens = fields.integer(key, Math.min(usualTokens, room), 1, model.contextLength());
        return CompletionRequest.read(fields, List.of(prompt), maxTokens, logprobs, model);
    }

    private static String text(RequestBody fields, ArrayNode messages, ServedModel model) {
        ChatTemplate template = model.template()
                .orElseThrow(() -> new ForetellException(
                        ErrorCode.UNPROCESSABLE,
                        "the model's folder has no chat template: use /v1/completions, or add 'chat_template' to its"
                                + " tokenizer_config.json"));
        JsonNode more = fields.get("chat_template_kwargs");
        if (fields.has("chat_template_kwargs") && !more.isObject()) {
            throw RequestBody.invalid("'chat_template_kwargs' must be an object, not " + more);
        }
        JsonNode choice = fields.get("tool_choice");
        if (fields.has("tool_choice") && !Set.of("none", "auto").contains(choice.asText())) {
            throw RequestBody.invalid("'tool_choice' must be \"none\" or \"auto\", not " + choice);
        }
        JsonNode tools = fields.get("tools");
        if (fields.has("tools") && !tools.isArray()) {
            throw RequestBody.invalid("'tools' must be a list, not " + tools);
        }
        try {
            return template.render(
                    messages,
                    tools.isEmpty() ? null : tools,
                    fields.flag("add_generation_prompt", true),
                    more instanceof ObjectNode object ? object : Json.mapper().createObjectNode());
        } catch (ChatTemplateException e) {
            throw new ForetellException(ErrorCode.UNPROCESSABLE, e.getMessage(), e);
        }
    }
}
