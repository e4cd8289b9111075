package io.foretell.tests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.Json;
import io.foretell.platform.Problem;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Every operation is described, every body has a schema without gaps, and every example is valid. */
class OpenApiSchemasTest {
    private static final Set<String> SCALARS = Set.of("string", "integer", "number");
    private static final String PROBLEM = "application/problem+json";

    static Stream<OpenApi.Operation> operations() {
        return OpenApi.all().stream().flatMap(document -> document.operations().stream());
    }

    @ParameterizedTest
    @MethodSource("operations")
    void everyOperationIsDescribed(OpenApi.Operation operation) {
        assertThat(operation.id()).as("operationId").matches("[a-z][A-Za-z]+");
        assertThat(operation.node().path("summary").asText())
                .as("summary")
                .endsWith(".")
                .hasSizeLessThan(100);
        assertThat(operation.node().path("description").asText())
                .as("description")
                .endsWith(".");
        assertThat(operation.node().path("tags")).as("tags").isNotEmpty();
        assertThat(operation.node().path("responses")).as("responses").isNotEmpty();
        operation.node().path("parameters").forEach(parameter -> {
            assertThat(parameter.path("description").asText())
                    .as("description of %s", parameter.path("name"))
                    .isNotBlank();
            assertThat(parameter.has("example"))
                    .as("example of %s", parameter.path("name"))
                    .isTrue();
        });
        OpenApi.members(operation.node().path("responses"))
                .forEach((status, response) -> assertThat(
                                response.path("description").asText())
                        .as("description of %s", status)
                        .isNotBlank());
    }

    @Test
    void operationIdsAreUnique() {
        List<String> ids = operations().map(OpenApi.Operation::id).toList();
        assertThat(ids).hasSizeGreaterThan(20).doesNotHaveDuplicates();
    }

    /** What the server sends with these statuses, whatever the operation. */
    @ParameterizedTest
    @MethodSource("operations")
    void errorsHaveTheirHeaders(OpenApi.Operation operation) {
        OpenApi.members(operation.node().path("responses")).forEach((status, response) -> {
            boolean isProblem = response.path("content").has(PROBLEM);
            boolean isRetried = isProblem && Set.of("429", "503").contains(status);
            assertThat(response.path("headers").has("Retry-After"))
                    .as("Retry-After with %s", status)
                    .isEqualTo(isRetried);
            assertThat(response.path("headers").has("WWW-Authenticate"))
                    .as("WWW-Authenticate with %s", status)
                    .isEqualTo(status.equals("401"));
        });
    }

    @ParameterizedTest
    @MethodSource("operations")
    void everySchemaIsWhole(OpenApi.Operation operation) {
        List<String> gaps = new ArrayList<>();
        bodies(operation).forEach((where, body) -> gaps(body.path("schema"), where, gaps));
        operation
                .node()
                .path("parameters")
                .forEach(parameter -> assertThat(parameter.path("schema").has("type"))
                        .as("type of %s", parameter.path("name"))
                        .isTrue());
        assertThat(gaps).isEmpty();
    }

    @ParameterizedTest
    @MethodSource("operations")
    void everyExampleIsValid(OpenApi.Operation operation) {
        bodies(operation).forEach((where, body) -> {
            if (where.endsWith("application/json")) {
                assertThat(OpenApi.examples(body)).as("examples of %s", where).isNotEmpty();
            }
            for (JsonNode example : OpenApi.examples(body)) {
                JsonNode schema = body.path("schema");
                assertThat(Schemas.violations(where.contains("request") ? schema : Schemas.closed(schema), example))
                        .as("%s of %s", example, where)
                        .isEmpty();
            }
            examples(body.path("schema"), where);
        });
        operation
                .node()
                .path("parameters")
                .forEach(
                        parameter -> assertThat(Schemas.violations(parameter.path("schema"), parameter.path("example")))
                                .as("example of %s", parameter.path("name"))
                                .isEmpty());
    }

    @ParameterizedTest
    @EnumSource(ErrorCode.class)
    void everyFailureIsAProblemOfTheSchema(ErrorCode code) {
        JsonNode schema = OpenApi.of("server.yaml")
                .root()
                .path("components")
                .path("schemas")
                .path("Problem");
        JsonNode problem = Json.mapper().valueToTree(Problem.of(code, "What is wrong.", "/v1/status#1"));
        assertThat(Schemas.violations(Schemas.closed(schema), problem)).isEmpty();
    }

    @Test
    void aBareObjectIsAGap() {
        List<String> gaps = new ArrayList<>();
        gaps(TestRun.json("{\"type\": \"object\", \"description\": \"x\"}"), "a", gaps);
        gaps(TestRun.json("{\"type\": \"array\", \"description\": \"x\"}"), "b", gaps);
        gaps(
                TestRun.json("{\"description\": \"x\", \"oneOf\": [{\"type\": \"string\", \"examples\": [\"\"]}]}"),
                "c",
                gaps);
        assertThat(gaps)
                .containsExactly(
                        "a is an object without properties",
                        "b is a list of anything",
                        "c, alternative 0 has no description");
    }

    /** Media types of the request and of all answers, by where they are. */
    private static Map<String, JsonNode> bodies(OpenApi.Operation operation) {
        Map<String, JsonNode> bodies = new LinkedHashMap<>();
        operation.requestContent().forEach((type, body) -> bodies.put(operation + ", request " + type, body));
        OpenApi.members(operation.node().path("responses"))
                .forEach((status, response) -> OpenApi.members(response.path("content"))
                        .forEach((type, body) -> bodies.put(operation + ", " + status + " " + type, body)));
        return bodies;
    }

    /** Collects what a schema leaves open. */
    private static void gaps(JsonNode schema, String where, List<String> gaps) {
        if (schema.path("description").asText().isBlank()) {
            gaps.add(where + " has no description");
        }
        Set<String> types = types(schema);
        if (types.contains("object") && !schema.has("properties") && !isSchema(schema.path("additionalProperties"))) {
            gaps.add(where + " is an object without properties");
        }
        if (types.contains("array")
                && !schema.has("items")
                && schema.path("maxItems").asInt(1) > 0) {
            gaps.add(where + " is a list of anything");
        }
        OpenApi.members(schema.path("properties"))
                .forEach((name, property) -> property(property, where + "." + name, gaps));
        for (String keyword : List.of("additionalProperties", "items", "unevaluatedProperties")) {
            if (schema.has(keyword)) {
                gaps(schema.path(keyword), where + ", " + keyword, gaps);
            }
        }
        for (String keyword : List.of("oneOf", "allOf", "anyOf")) {
            for (int i = 0; i < schema.path(keyword).size(); i++) {
                gaps(schema.path(keyword).path(i), where + ", alternative " + i, gaps);
            }
        }
    }

    private static void property(JsonNode property, String where, List<String> gaps) {
        boolean isTyped =
                Stream.of("type", "enum", "const", "oneOf", "allOf", "anyOf").anyMatch(property::has);
        if (!isTyped) {
            gaps.add(where + " may be anything");
        }
        boolean isNamed = Stream.of("examples", "enum", "const").anyMatch(property::has);
        if (types(property).stream().anyMatch(SCALARS::contains) && !isNamed) {
            gaps.add(where + " has no example");
        }
        gaps(property, where, gaps);
    }

    private static boolean isSchema(JsonNode node) {
        return node.isObject() && !node.isEmpty();
    }

    private static Set<String> types(JsonNode schema) {
        Set<String> types = new HashSet<>();
        JsonNode type = schema.path("type");
        (type.isArray() ? type : List.of(type)).forEach(each -> types.add(each.asText()));
        return types;
    }

    /** Examples and defaults within a schema. */
    private static void examples(JsonNode schema, String where) {
        schema.path("examples")
                .forEach(example -> assertThat(Schemas.violations(schema, example))
                        .as("example %s in %s", example, where)
                        .isEmpty());
        if (schema.has("default")) {
            assertThat(Schemas.violations(schema, schema.path("default")))
                    .as("default %s in %s", schema.path("default"), where)
                    .isEmpty();
        }
        schema.path("properties").forEach(property -> examples(property, where));
        for (String keyword : List.of("additionalProperties", "items")) {
            if (schema.has(keyword)) {
                examples(schema.path(keyword), where);
            }
        }
        for (String keyword : List.of("oneOf", "allOf", "anyOf")) {
            schema.path(keyword).forEach(each -> examples(each, where));
        }
    }
}
