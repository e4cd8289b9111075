package io.foretell.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JudgePromptTest {
    @TempDir
    Path folder;

    @Test
    void thePromptsOfTheBuildAreTheFilesOfConfigs() throws IOException {
        JudgePrompts files = JudgePrompts.open(Path.of("../configs/judges"));
        JudgePrompts builtIn = JudgePrompts.builtIn();

        assertThat(builtIn.roles())
                .containsExactly("factuality", "quality", "rewriter", "rubric", "safety", "semantic_prefix", "thinker");
        assertThat(files.roles()).containsExactlyElementsOf(builtIn.roles());
        for (String role : builtIn.roles()) {
            assertThat(builtIn.prompt(role)).isEqualTo(files.prompt(role));
        }
    }

    @Test
    void theBuiltInPromptsAreReadOutOfAJarAsWell() throws IOException {
        Path jar = folder.resolve("judge-adapter.jar");
        try (OutputStream out = Files.newOutputStream(jar);
                JarOutputStream entries = new JarOutputStream(out);
                DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("../configs/judges"))) {
            for (Path file : files) {
                entries.putNextEntry(new JarEntry("judges/" + file.getFileName()));
                entries.write(Files.readAllBytes(file));
                entries.closeEntry();
            }
        }

        assertThat(JudgePrompts.within(jar).roles())
                .containsExactlyElementsOf(JudgePrompts.builtIn().roles());
    }

    @Test
    void bracesInTheMaterialAreLeftAlone() {
        JudgePrompt quality = JudgePrompts.builtIn().prompt("quality");

        String question = quality.question(Map.of("context", "{second} $1", "first", "{first}", "second", "\\x"));

        assertThat(question)
                .contains("<beginning>\n{second} $1\n</beginning>")
                .contains("<option_1>\n{first}\n</option_1>")
                .contains("<option_2>\n\\x\n</option_2>");
    }

    @Test
    void theJsonOfAPromptIsNoPlace() {
        String question = JudgePrompts.builtIn()
                .prompt("factuality")
                .question(Map.of("context", "a", "reference", "b", "continuation", "c"));

        assertThat(question).contains("{\"reasoning\": \"your reasons\"");
    }

    @Test
    void aFileThatCannotBeUsedIsRefusedByName() throws IOException {
        Files.writeString(
                folder.resolve("a.yaml"), "role: a\nversion: 1\ninputs: [text]\nanswer: {tag: x}\nprompt: none\n");
        assertThatThrownBy(() -> JudgePrompts.open(folder))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a.yaml")
                .hasMessageContaining("the prompt has no place {text}");

        Files.writeString(
                folder.resolve("a.yaml"), "role: a\nversion: 1\ninputs: []\nanswer: {line: x}\nprompt: none\n");
        assertThatThrownBy(() -> JudgePrompts.open(folder)).hasMessageContaining("answer needs a line with its scores");

        Files.writeString(folder.resolve("a.yaml"), "role: a\nverison: 1\n");
        assertThatThrownBy(() -> JudgePrompts.open(folder)).hasMessageContaining("verison");
    }
}
