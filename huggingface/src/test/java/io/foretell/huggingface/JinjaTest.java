package io.foretell.huggingface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against what transformers renders: templates/expected.json, written by make_expected.py beside it. */
class JinjaTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final ZonedDateTime NOON = ZonedDateTime.of(2026, 3, 1, 12, 0, 0, 0, ZoneOffset.UTC);

    record Case(String name, String source, JsonNode variables, String text, String error) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Case> cases() throws IOException {
        List<Case> cases = new ArrayList<>();
        for (JsonNode each : JSON.readTree(resource("templates/expected.json"))) {
            String file = each.path("template").textValue();
            cases.add(new Case(
                    file == null
                            ? each.path("source").asText()
                            : file + ", " + each.path("name").asText() + " "
                                    + each.path("variables").path("tools").isArray(),
                    file == null ? each.path("source").asText() : resource("templates/" + file),
                    each.path("variables"),
                    each.path("text").textValue(),
                    each.path("error").textValue()));
        }
        return cases;
    }

    private static String resource(String name) throws IOException {
        try (InputStream input = JinjaTest.class.getResourceAsStream(name)) {
            return new String(input.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String render(String source, JsonNode variables) {
        return Jinja.parse(source).render(variables, NOON);
    }

    private static String render(String source) {
        return render(source, JSON.createObjectNode());
    }

    /** Constructs that are written otherwise, or written where transformers refuses them; Jinja's javadoc names them. */
    private static final Set<String> OTHERWISE = Set.of(
            "{{ -7 % 3 }}",
            "{{ 7 % -3 }}",
            "{{ -3.7 | int }}",
            "{{ '12abc' | int }}",
            "{{ 1 / 0 }}",
            "{{ 1 // 0 }}",
            "{{ {'a': 1.0} | tojson }}",
            "{{ 'aB c'.title() }}",
            "{{ 'aB c'.capitalize() }}",
            "{{ 'é😀' | length }}",
            "{{ true is number }}",
            "{{ 2 + 3 ~ 4 * 2 }}",
            "{{ 'a' is upper if true }}",
            "{{ messages[0].items() | list }}",
            "{{ {'b': 1, 'a': 2} | dictsort }}",
            "{{ {'a': 1} | items | list }}",
            "{{ ('<b>' | safe) + '<&\\\"' }}",
            "{{ '<' + ('<b>' | safe) }}",
            "{% macro m() %}{{ x }}{% endmacro %}{% for x in [1] %}{{ m() }}{% endfor %}");

    @ParameterizedTest(name = "{0}")
    @MethodSource("cases")
    void whatIsRenderedIsWhatTransformersRenders(Case one) {
        String text;
        try {
            text = render(one.source(), one.variables());
        } catch (ChatTemplateException e) {
            boolean isWholeTemplate =
                    one.name().contains(".jinja") && !one.name().contains("parts");
            assertThat(isWholeTemplate && one.error() == null)
                    .as("%s refused what transformers renders as %s", e.getMessage(), one.text())
                    .isFalse();
            return;
        }
        if (OTHERWISE.contains(one.source())) {
            assertThat(text).isNotEqualTo(one.text());
        } else {
            assertThat(text).isEqualTo(one.text());
        }
    }

    @Test
    void whatTheLibraryDoesNotKnowIsASentence() {
        assertThatThrownBy(() -> render("{% include 'secrets' %}"))
                .hasMessage("the chat template cannot be read: Unknown statement type: include");
        assertThatThrownBy(() -> render("{{ [1] | sum }}"))
                .hasMessage("the chat template cannot be rendered: Unknown ArrayValue filter: sum");
        assertThatThrownBy(() -> render("{{ x.y }}"))
                .hasMessage("the chat template cannot be rendered: something is asked of 'x', which is not there");
        assertThatThrownBy(() -> render("{{ strftime_now('%Q') }}"))
                .hasMessage("the chat template cannot be rendered: strftime_now does not know %Q");
        assertThatThrownBy(() -> render("{{ raise_exception('no: ' ~ 1) }}"))
                .hasMessage("the chat template refuses these messages: no: 1");
        assertThatThrownBy(() -> render("{% if x %}")).hasMessageStartingWith("the chat template cannot be read: ");
        assertThatThrownBy(() -> render("{{ x }}", JSON.createObjectNode().put("x", 1L << 54)))
                .hasMessage("a number of more than 53 bits cannot be given to a chat template: 18014398509481984");
    }

    @Test
    void everyDirectiveOfTheDateIsPythons() {
        assertThat(render("{{ strftime_now('%Y %y %m %d %B %b %A %a %H %I %M %S %p %j %%') }}"))
                .isEqualTo("2026 26 03 01 March Mar Sunday Sun 12 12 00 00 PM 060 %");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{% set ns = namespace(x='xx') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}",
                "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
                "{{ range(1000000000) }}",
                "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
                "{% for i in range(99999) %}{{ 'some text that is not short and is not long' }}{% endfor %}",
                "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
                "{% set ns = namespace(x='x') %}{% for i in range(99) %}{% set ns.x = ns.x.replace('x', 'xxxxxxxx') %}"
                        + "{% endfor %}"
            })
    void noTemplateRunsAwayWithTheServer(String source) {
        long start = System.nanoTime();
        assertThatThrownBy(() -> render(source)).isInstanceOf(ChatTemplateException.class);
        assertThat((System.nanoTime() - start) / 1e9).isLessThan(120);
    }

    @Test
    void deepNestingIsRefused() {
        assertThatThrownBy(() -> render("{{ " + "(".repeat(50000) + "1" + ")".repeat(50000) + " }}"))
                .isInstanceOf(ChatTemplateException.class);
        assertThatThrownBy(() -> render("{% if x %}".repeat(5000))).isInstanceOf(ChatTemplateException.class);
        JsonNode nested = JSON.createArrayNode();
        for (int i = 0; i < 900; i++) {
            nested = JSON.createArrayNode().add(nested);
        }
        JsonNode variables = JSON.createObjectNode().set("x", nested);
        assertThatThrownBy(() -> render("{{ x }}", variables)).isInstanceOf(ChatTemplateException.class);
    }

    @Test
    void threadsRenderAtTheSameTime() {
        Jinja template = Jinja.parse("{% for i in range(200) %}{{ x }}{% endfor %}");
        assertThat(IntStream.range(0, 64)
                        .parallel()
                        .mapToObj(i -> template.render(JSON.createObjectNode().put("x", i % 10), NOON)))
                .hasSize(64)
                .allMatch(
                        text -> text.length() == 200 && text.chars().distinct().count() == 1);
    }
}
