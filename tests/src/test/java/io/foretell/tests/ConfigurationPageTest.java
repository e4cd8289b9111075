package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.foretell.server.ForetellConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ConfigurationPageTest {
    private static final Path DEFAULTS = Path.of("../server/src/main/resources/defaults.yaml");

    @Test
    void thePageIsGeneratedFromTheDefaults() throws IOException {
        ConfigurationPage page = ConfigurationPage.read(Files.readString(DEFAULTS));
        GeneratedPage.check(
                Path.of("docs/configuration.md"),
                page.markdown(ForetellConfig.class, GeneratedPage.command(ConfigurationPageTest.class)));
    }

    @Test
    void everyKeyIsExplainedAndEveryKeyOfTheRecordsIsThere() throws IOException {
        ConfigurationPage page = ConfigurationPage.read(Files.readString(DEFAULTS));
        assertThat(page.keys())
                .allSatisfy(key -> assertThat(key.meaning())
                        .as(key.name())
                        .hasSizeGreaterThan(10)
                        .endsWith("."));
        assertThat(page.keys().stream().filter(key -> !key.isSection()).map(ConfigurationPage.Key::name))
                .containsExactlyInAnyOrderElementsOf(
                        ConfigurationPage.types(ForetellConfig.class).keySet());
    }

    @Test
    void theDefaultsFitOnAScreen() throws IOException {
        assertThat(Files.readAllLines(DEFAULTS))
                .allSatisfy(line -> assertThat(line.length()).as(line).isLessThanOrEqualTo(120));
    }
}
