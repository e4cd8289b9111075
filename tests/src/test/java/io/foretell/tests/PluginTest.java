package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.ForetellException;
import io.foretell.server.Plugins;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The method of docs/plugins.md, built outside the repository. */
class PluginTest {
    private static final Duration END = Duration.ofSeconds(120);
    private static final String CLASS = "com.example.Guess";
    private static final int STEPS = 6;

    @TempDir
    private Path folder;

    private Path plugins() {
        return folder.resolve("plugins");
    }

    private Map<String, String> environment() {
        return Map.of(Plugins.FOLDER, plugins().toString());
    }

    private static String source() {
        Path page = Stream.of(Path.of("docs/plugins.md"), Path.of("../docs/plugins.md"))
                .filter(Files::exists)
                .findFirst()
                .orElseThrow();
        Matcher java = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL).matcher(TestRun.read(page));
        assertThat(java.find()).as("Java in %s", page).isTrue();
        return java.group(1);
    }

    private Path build(String jar, String source, String services) {
        Path file = plugins().resolve(jar);
        PluginJar.build(file, folder.resolve("build-" + jar), CLASS, source, services);
        return file;
    }

    @Test
    @Tag("integration")
    void aMethodFromAJarIsTrainedByForetellUp() {
        Path jar = build("guess.jar", source(), "com.example.Guess$Provider\n");
        TestRun run = new TestRun(folder, "guesses");
        Path config = run.config(
                0,
                0,
                Map.of(
                        "phases",
                        "[{objective: guess, steps: " + STEPS + ", learning_rate: 1e-3, options: {min_prefix: 3}}]",
                        "eval",
                        "{interval: 0, before_train: true, samples: 2, documents: 8}"));

        try (ForetellProcess up = ForetellProcess.foretellWith(environment(), "up", "-c", config)) {
            assertThat(up.awaitExit(END)).as("exit status of %s", up).isZero();
            assertThat(up.out()).contains("plugins: guess (" + jar + ")");
        }

        assertThat(run.summary().path("state").asText()).isEqualTo("finished");
        List<JsonNode> steps = run.steps();
        assertThat(steps).hasSize(STEPS);
        for (JsonNode step : steps) {
            assertThat(step.path("phase").asText()).contains("guess");
            assertThat(step.path("actor/loss").isNumber()).as("%s", step).isTrue();
            assertThat(step.path("reward/mean").asDouble(-1)).as("%s", step).isBetween(0.0, 1.0);
        }
    }

    @Test
    void theNameAndTheTextOfAPluginAreKnown() {
        build("guess.jar", source(), "com.example.Guess$Provider\n");
        Plugins plugins = Plugins.load(environment());

        assertThat(plugins.objectives().names()).contains("guess", "rlp");
        assertThat(plugins.objectives().description("guess").options()).containsExactly("min_prefix");
        assertThat(plugins.loaded())
                .singleElement()
                .satisfies(plugin -> assertThat(plugin.methods()).containsExactly("guess"));
    }

    @Test
    void withoutAFolderThereAreForetellsOwnMethods() {
        assertThat(Plugins.load(Map.of()).loaded()).isEmpty();
        assertThat(Plugins.load(environment()).objectives().names()).contains("rlp");
        assertThat(Plugins.load(environment())).hasToString("none in " + plugins());
    }

    @Test
    void aNameThatIsTakenIsRefused() {
        Path jar = build("guess.jar", source().replace("\"guess\"", "\"rlp\""), "com.example.Guess$Provider\n");

        assertThatThrownBy(() -> Plugins.load(environment()))
                .isInstanceOf(ForetellException.class)
                .hasMessageContaining(jar.toString())
                .hasMessageContaining("two methods are called 'rlp'");
    }

    @Test
    void twoPluginsCannotShareAName() {
        build("a.jar", source(), "com.example.Guess$Provider\n");
        Path second = build("b.jar", source(), "com.example.Guess$Provider\n");

        assertThatThrownBy(() -> Plugins.load(environment()))
                .hasMessageContaining(second.toString())
                .hasMessageContaining("two methods are called 'guess'");
    }

    @Test
    void aJarThatCannotBeLoadedIsNamedInOneSentence() throws IOException {
        Files.createDirectories(plugins());
        Path broken = Files.writeString(plugins().resolve("broken.jar"), "this is no jar");
        assertRefused(broken, "zip");
        Files.delete(broken);

        Path missing = build("missing.jar", source(), "com.example.Nobody\n");
        assertRefused(missing, "com.example.Nobody");
        Files.delete(missing);

        Path empty = build("empty.jar", source(), "# nothing yet\n");
        assertRefused(empty, "names no class of this jar");
        Files.delete(empty);

        String failing = source().replace("return DESCRIPTION;", "throw new IllegalStateException(\"out of order\");");
        assertRefused(build("failing.jar", failing, "com.example.Guess$Provider\n"), "out of order");
    }

    private void assertRefused(Path jar, String reason) {
        assertThatThrownBy(() -> Plugins.load(environment()))
                .isInstanceOf(ForetellException.class)
                .hasMessageContaining("the plugin " + jar + " cannot be loaded: ")
                .hasMessageContaining(reason)
                .hasMessageNotContaining("\n");
    }
}
