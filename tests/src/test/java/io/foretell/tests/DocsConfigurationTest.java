package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.huggingface.HuggingFaceTokenizer;
import io.foretell.objectives.Objectives;
import io.foretell.objectives.ProxyModels;
import io.foretell.platform.Json;
import io.foretell.server.ForetellConfig;
import io.foretell.server.PolicyOrigin;
import io.foretell.server.Wiring;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Configuration keys, YAML blocks and options of methods in the README and docs/ are those of this build. */
class DocsConfigurationTest {
    private static final Pattern KEY = Pattern.compile("([a-z]\\w*)((?:\\.\\w+)+)(?:[:=].*)?");
    private static final Path CHANGELOG = Path.of("docs/changelog.md");
    private static final Objectives METHODS = Objectives.builtIn();

    @TempDir
    private Path folder;

    @Test
    void everyConfigurationKeyExists() throws IOException {
        JsonNode defaults = Json.yaml()
                .readTree(Manual.ROOT
                        .resolve("server/src/main/resources/defaults.yaml")
                        .toFile());
        List<String> unknown = new ArrayList<>();
        for (Manual.Page page : Manual.pages()) {
            for (String key : page.path().equals(CHANGELOG) ? List.<String>of() : keys(page)) {
                if (defaults.has(key.split("\\.")[0]) && !isKnown(defaults, key)) {
                    unknown.add(page + ": " + key);
                }
            }
        }
        assertThat(unknown).isEmpty();
    }

    @Test
    void keysThatTheChangelogCallsRenamedAreRefusedWithTheirNewNames() {
        List<MatchResult> rows = Pattern.compile("(?m)^\\| `([a-z_.]+)` \\| `([a-z_.]+)` \\|$")
                .matcher(Manual.page(CHANGELOG.toString()).text())
                .results()
                .toList();
        assertThat(rows)
                .isNotEmpty()
                .allSatisfy(row -> assertThatThrownBy(
                                () -> ForetellConfig.load(null, List.of(row.group(1) + "=1"), Map.of()))
                        .hasMessageContaining("use " + row.group(2)));
    }

    /** Keys in the prose, and those that commands set. */
    private static List<String> keys(Manual.Page page) {
        Stream<String> set = Pattern.compile("--set '?([a-z]\\w*(?:\\.\\w+)+)=")
                .matcher(page.text())
                .results()
                .map(found -> found.group(1));
        Stream<String> named = page.spans().stream()
                .map(KEY::matcher)
                .filter(Matcher::matches)
                .filter(key -> !key.group(2).matches("\\.(yaml|md|json|jsonl|safetensors|txt|py|pt|java|log)"))
                .map(key -> key.group(1) + key.group(2));
        return Stream.concat(set, named).toList();
    }

    private static boolean isKnown(JsonNode defaults, String key) {
        JsonNode node = defaults;
        for (String part : key.split("\\.")) {
            if (node.isNull() || node.isObject() && node.isEmpty()) {
                return true; // the user's own names
            }
            node = node.path(part);
        }
        return !node.isMissingNode();
    }

    @Test
    void everyYamlBlockIsAConfigurationWhoseMethodsTakeTheirOptions() throws IOException {
        List<String> refused = new ArrayList<>();
        int blocks = 0;
        for (Manual.Page page : Manual.pages()) {
            for (Manual.Block block : page.blocks()) {
                if (block.language().equals("yaml")) {
                    blocks++;
                    refusal(block.text()).ifPresent(reason -> refused.add(page + ": " + reason));
                }
            }
        }
        assertThat(refused).isEmpty();
        assertThat(blocks).isGreaterThan(15);
    }

    /** Loads the configuration and makes its methods; why that failed. */
    private Optional<String> refusal(String yaml) throws IOException {
        Path file = Files.writeString(folder.resolve("block.yaml"), yaml);
        try {
            ForetellConfig config = ForetellConfig.load(
                            file, List.of("run.dir='" + folder + "'", "policy.init.size=micro"), Map.of())
                    .values();
            try (HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.open(PolicyOrigin.folder(config))) {
                Wiring.objectives(config, METHODS, tokenizer, ProxyModels.NONE);
            }
            return Optional.empty();
        } catch (RuntimeException e) {
            return Optional.of(e.getMessage() + "\n" + yaml);
        }
    }

    @Test
    void everyMethodHasAPageWithAllItsOptions() {
        Manual.Page index = Manual.page("docs/methods/README.md");
        List<String> missing = new ArrayList<>();
        for (String name : METHODS.names()) {
            Matcher row = Pattern.compile("(?m)^\\|[^|]*`" + name + "`[^|]*\\| \\[[^]]*]\\(([^)]*)\\)")
                    .matcher(index.text());
            assertThat(row.find()).as("a row of %s for %s", index, name).isTrue();
            String page = "docs/methods/" + row.group(1);
            METHODS.description(name).options().stream()
                    .filter(option -> !Manual.page(page).spans().contains(option))
                    .forEach(option -> missing.add(page + ": option " + option + " of " + name));
        }
        assertThat(missing).isEmpty();
    }
}
