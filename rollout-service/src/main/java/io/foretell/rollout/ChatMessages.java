package io.foretell.rollout;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.Json;
import java.util.ArrayList;
import java.util.List;

/**
 * Messages in the form chat templates expect: contents are strings (parts are joined by newlines, as in vLLM), and the
 * arguments of tool calls are objects. Pure functions.
 */
final class ChatMessages {
    private static final int MOST = 10_000;

    private ChatMessages() {}

    static ArrayNode read(JsonNode messages) {
        if (!messages.isArray() || messages.isEmpty() || messages.size() > MOST) {
            throw RequestBody.invalid("'messages' must be a list of 1 to " + MOST + " messages");
        }
        ArrayNode read = Json.mapper().createArrayNode();
        for (JsonNode message : messages) {
            if (!message.path("role").isTextual()) {
                throw RequestBody.invalid("message " + read.size() + " needs a 'role', a text");
            }
            ObjectNode copy = message.deepCopy();
            copy.put("content", content(message.path("content"), read.size()));
            copy.path("tool_calls").forEach(ChatMessages::openArguments);
            read.add(copy);
        }
        return read;
    }

    private static String content(JsonNode content, int message) {
        if (content.isMissingNode() || content.isNull()) {
            return "";
        }
        if (content.isTextual()) {
            return content.textValue();
        }
        if (!content.isArray()) {
            throw RequestBody.invalid(
                    "the 'content' of message " + message + " must be a text or a list of text parts");
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode part : content) {
            if (!part.path("type").asText().equals("text") || !part.path("text").isTextual()) {
                throw RequestBody.invalid("message " + message + " has a part of type " + part.path("type")
                        + "; this model takes parts of type \"text\" only");
            }
            texts.add(part.path("text").textValue());
        }
        return String.join("\n", texts);
    }

    private static void openArguments(JsonNode call) {
        if (call.path("function") instanceof ObjectNode function
                && function.path("arguments").isTextual()) {
            String given = function.path("arguments").textValue();
            try {
                JsonNode arguments = Json.mapper().readTree(given.isBlank() ? "{}" : given);
                function.set("arguments", arguments);
            } catch (JsonProcessingException e) {
                throw RequestBody.invalid("the arguments of a tool call are not JSON: " + given);
            }
        }
    }
}
