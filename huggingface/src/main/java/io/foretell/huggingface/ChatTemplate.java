package io.foretell.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.time.ZoneId;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The chat template of a Hugging Face folder: {@code chat_template.jinja}, else {@code chat_template} in {@code
 * tokenizer_config.json}, a string or a list of named ones. Immutable, thread-safe.
 */
public final class ChatTemplate {
    private static final String DEFAULT = "default";
    private static final String WITH_TOOLS = "tool_use";
    private static final List<String> SPECIAL_TOKENS =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    private final Map<String, Jinja> templates = new HashMap<>();
    private final Optional<String> problem;
    private final Map<String, String> specialTokens;
    private final InstantSource clock;

    private ChatTemplate(Map<String, String> sources, Map<String, String> specialTokens, InstantSource clock) {
        this.specialTokens = Map.copyOf(specialTokens);
        this.clock = clock;
        problem = Optional.ofNullable(parse(sources));
    }

    private @Nullable String parse(Map<String, String> sources) {
        if (!sources.containsKey(DEFAULT)) {
            return "the model's chat templates are named " + sources.keySet() + " and none of them 'default'";
        }
        try {
            for (String name : List.of(DEFAULT, WITH_TOOLS)) {
                if (sources.containsKey(name)) {
                    templates.put(name, Jinja.parse(sources.get(name)));
                }
            }
            return null;
        } catch (ChatTemplateException e) {
            return e.getMessage();
        }
    }

    /**
     * The template of {@code folder}, if it has one.
     *
     * @param clock for templates that insert today's date
     * @throws ChatTemplateException when its files are damaged
     */
    public static Optional<ChatTemplate> find(Path folder, InstantSource clock) {
        JsonNode config = json(folder.resolve("tokenizer_config.json"));
        Map<String, String> sources = new HashMap<>();
        JsonNode given = config.path("chat_template");
        if (given.isTextual()) {
            sources.put(DEFAULT, given.textValue());
        }
        for (JsonNode named : given.isArray() ? given : List.<JsonNode>of()) {
            sources.put(named.path("name").asText(), named.path("template").asText());
        }
        Path file = folder.resolve("chat_template.jinja");
        if (Files.isRegularFile(file)) {
            sources.put(DEFAULT, text(file));
        }
        if (sources.isEmpty()) {
            return Optional.empty();
        }
        Map<String, String> special = new HashMap<>();
        for (JsonNode each : List.of(json(folder.resolve("special_tokens_map.json")), config)) {
            for (String name : SPECIAL_TOKENS) {
                JsonNode token = each.path(name);
                String text = token.isObject() ? token.path("content").textValue() : token.textValue();
                if (text != null) {
                    special.put(name, text);
                }
            }
        }
        return Optional.of(new ChatTemplate(sources, special, clock));
    }

    private static JsonNode json(Path file) {
        try {
            ObjectMapper mapper = new ObjectMapper();
            return Files.isRegularFile(file) ? mapper.readTree(text(file)) : mapper.createObjectNode();
        } catch (IOException e) {
            throw new ChatTemplateException(file + " is not JSON");
        }
    }

    private static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new ChatTemplateException(file + " cannot be read: " + e.getMessage());
        }
    }

    /** Why messages cannot be rendered; empty if they can. */
    public Optional<String> problem() {
        return problem;
    }

    /**
     * The text of a prompt.
     *
     * @param messages a list
     * @param tools a list; null for none
     * @param generationPrompt whether to add the opening of the answer
     * @param more variables of the template, such as {@code enable_thinking}; they override all others
     * @throws ChatTemplateException if the template rejects the messages or uses unsupported features
     */
    public String render(JsonNode messages, @Nullable JsonNode tools, boolean generationPrompt, ObjectNode more) {
        problem.ifPresent(sentence -> {
            throw new ChatTemplateException(sentence);
        });
        ObjectNode variables = JsonNodeFactory.instance.objectNode();
        specialTokens.forEach(variables::put);
        variables.set("messages", messages);
        variables.set("tools", tools);
        variables.putNull("documents");
        variables.put("add_generation_prompt", generationPrompt);
        variables.setAll(more);
        Jinja template = templates.get(tools != null && templates.containsKey(WITH_TOOLS) ? WITH_TOOLS : DEFAULT);
        return template.render(variables, clock.instant().atZone(ZoneId.systemDefault()));
    }
}
