package io.foretell.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what transformers renders: expected.json, written by make_expected.py beside it. */
class TemplateTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Instant NOON =
            LocalDateTime.of(2026, 3, 1, 12, 0).atZone(ZoneId.systemDefault()).toInstant();

    record Case(String name, String source, Map<String, Object> variables, String text, String error) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Case> cases() throws IOException {
        List<Case> cases = new ArrayList<>();
        for (JsonNode each : JSON.readTree(resource("expected.json"))) {
            String file = each.path("template").textValue();
            cases.add(new Case(
                    file == null
                            ? each.path("source").asText()
                            : file + ", " + each.path("name").asText() + " "
                                    + each.path("variables").path("tools").isArray(),
                    file == null ? each.path("source").asText() : resource("templates/" + file),
                    JSON.convertValue(each.path("variables"), new TypeReference<>() {}),
                    each.path("text").textValue(),
                    each.path("error").textValue()));
        }
        return cases;
    }

    private static String resource(String name) throws IOException {
        try (InputStream input = TemplateTest.class.getResourceAsStream(name)) {
            return new String(input.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String render(String source, Map<String, ?> variables) {
        return Template.parse(source, InstantSource.fixed(NOON)).render(variables);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void whatIsRenderedIsWhatTransformersRenders(Case one) {
        String text;
        try {
            text = render(one.source(), one.variables());
        } catch (ChatTemplateException e) {
            boolean refused = e.getMessage().contains("which is not supported here");
            assertThat(refused || one.error() != null)
                    .as("%s refused what transformers renders as %s", e.getMessage(), one.text())
                    .isTrue();
            return;
        }
        assertThat(text).isEqualTo(one.text());
    }

    @Test
    void onlyTheseConstructsAreRefusedAlthoughTransformersRendersThem() throws IOException {
        TreeSet<String> refused = new TreeSet<>();
        for (Case one : cases()) {
            try {
                render(one.source(), one.variables());
            } catch (ChatTemplateException e) {
                if (one.error() == null) {
                    refused.add(e.getMessage().replaceAll(".* uses (.*), which is.*", "$1"));
                }
            }
        }
        assertThat(refused)
                .containsExactly(
                        "the filter 'e'",
                        "the filter 'groupby'",
                        "the filter 'safe' before another filter",
                        "the function 'cycler'",
                        "the method .format() of a text",
                        "the operator % on a text",
                        "the operator **",
                        "the tag 'raw'");
    }

    @Test
    void aRefusalNamesTheLine() {
        assertThatThrownBy(() -> render("a\n\n{{ x.y }}", Map.of()))
                .hasMessage("the chat template needs 'x', which is not there (line 3 of the chat template)");
        assertThatThrownBy(() -> render("\n{% include 'secrets' %}", Map.of()))
                .hasMessage("the chat template uses the tag 'include', which is not supported here"
                        + " (line 2 of the chat template)");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% set ns = namespace(x='xx') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
                "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
                "{{ range(1000000000) }}",
                "{{ 'x' * 1000000000 }}",
                "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                "{% for i in range(99999) %}{{ 'some text that is not short' * 9 }}{% endfor %}",
                "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
                "{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x.replace('x', 'xxxxxxxx') %}"
                        + "{% endfor %}"
            })
    void noTemplateRunsAwayWithTheServer(String source) {
        long start = System.nanoTime();
        assertThatThrownBy(() -> render(source, Map.of())).isInstanceOf(ChatTemplateException.class);
        assertThat((System.nanoTime() - start) / 1e9).isLessThan(20);
    }

    @Test
    void deepNestingIsRefused() {
        assertThatThrownBy(() -> render("{{ " + "(".repeat(5000) + "1" + ")".repeat(5000) + " }}", Map.of()))
                .isInstanceOf(ChatTemplateException.class);
        assertThatThrownBy(() -> render("{% if x %}".repeat(5000), Map.of())).isInstanceOf(ChatTemplateException.class);
        Object nested = "x";
        for (int i = 0; i < 5000; i++) {
            nested = List.of(nested);
        }
        Map<String, Object> variables = new HashMap<>(Map.of("x", nested));
        assertThatThrownBy(() -> render("{{ x }}", variables)).isInstanceOf(ChatTemplateException.class);
    }
}
