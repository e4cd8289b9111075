package io.foretell.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {
    private static final InstantSource CLOCK = InstantSource.fixed(Instant.EPOCH);
    private static final JsonNode MESSAGES = Json.mapper()
            .createArrayNode()
            .add(Json.mapper().createObjectNode().put("role", "user").put("content", "hi"));

    @TempDir
    Path folder;

    private void write(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    private String render(Map<String, ?> more) {
        return ChatTemplate.find(folder, CLOCK)
                .orElseThrow()
                .render(MESSAGES, null, true, Json.mapper().valueToTree(more));
    }

    @Test
    void aFolderWithoutATemplateHasNone() throws IOException {
        assertThat(ChatTemplate.find(folder, CLOCK)).isEmpty();
        write("tokenizer_config.json", "{\"bos_token\": \"<s>\"}");
        assertThat(ChatTemplate.find(folder, CLOCK)).isEmpty();
    }

    @Test
    void theConfigurationsTemplateKnowsTheSpecialTokens() throws IOException {
        write(
                "tokenizer_config.json",
                "{\"chat_template\": \"{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ unk_token }}{{ x }}\","
                        + " \"bos_token\": {\"content\": \"<s>\", \"lstrip\": false}, \"unk_token\": null}");
        write("special_tokens_map.json", "{\"eos_token\": \"</s>\", \"bos_token\": \"<other>\"}");
        assertThat(render(Map.of("x", 7))).isEqualTo("<s>hi</s>7");
    }

    @Test
    void aFileOfItsOwnWins() throws IOException {
        write("tokenizer_config.json", "{\"chat_template\": \"old\"}");
        write("chat_template.jinja", "{% if add_generation_prompt %}new{% endif %}\n");
        assertThat(render(Map.of())).isEqualTo("new");
        assertThat(render(Map.of("add_generation_prompt", false))).isEmpty();
    }

    @Test
    void namedTemplatesAreChosenByWhetherThereAreTools() throws IOException {
        write(
                "tokenizer_config.json",
                "{\"chat_template\": [{\"name\": \"default\", \"template\": \"plain\"},"
                        + " {\"name\": \"tool_use\", \"template\": \"{{ tools|length }} tools\"}]}");
        ChatTemplate template = ChatTemplate.find(folder, CLOCK).orElseThrow();
        assertThat(template.render(MESSAGES, null, true, Json.mapper().createObjectNode()))
                .isEqualTo("plain");
        assertThat(template.render(MESSAGES, MESSAGES, true, Json.mapper().createObjectNode()))
                .isEqualTo("1 tools");
    }

    @Test
    void whatIsDamagedOrNotSupportedIsASentence() throws IOException {
        write("tokenizer_config.json", "{");
        assertThatThrownBy(() -> ChatTemplate.find(folder, CLOCK)).hasMessageContaining("is not JSON");
        write("tokenizer_config.json", "{\"chat_template\": \"{% import 'x' as y %}\"}");
        assertThatThrownBy(() -> render(Map.of()))
                .isInstanceOf(ChatTemplateException.class)
                .hasMessage("the chat template cannot be read: Unknown statement type: import");
        write("tokenizer_config.json", "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"x\"}]}");
        assertThatThrownBy(() -> render(Map.of())).hasMessageContaining("rag");
        assertThat(ChatTemplate.find(folder, CLOCK).orElseThrow().problem())
                .hasValueSatisfying(problem -> assertThat(problem).contains("rag"));
    }
}
