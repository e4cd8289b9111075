package io.foretell.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.foretell.platform.Json;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * An OpenAPI document of the class path in which every reference, also one to another document, has been replaced by
 * what it refers to. Immutable.
 *
 * @param name such as {@code rollout.yaml}
 */
record OpenApi(String name, JsonNode root) {
    /** In the order of the page; the last is what all processes answer. */
    static final List<String> NAMES =
            List.of("documents.yaml", "rollout.yaml", "reward.yaml", "learner.yaml", "policies.yaml", "server.yaml");

    private static final Set<String> METHODS = Set.of("get", "post", "put", "patch", "delete");
    private static final Map<String, JsonNode> PARSED = new ConcurrentHashMap<>();
    private static final Map<String, OpenApi> READ = new ConcurrentHashMap<>();

    /** One method of one path. */
    record Operation(String document, String method, String path, JsonNode node) {
        String id() {
            return node.path("operationId").asText();
        }

        /** What the document says of an answer with this status; missing where it says nothing. */
        JsonNode response(int status) {
            return node.path("responses").path(String.valueOf(status));
        }

        /** Media types of the request's body with what the document says of them; empty where there is none. */
        Map<String, JsonNode> requestContent() {
            return members(node.path("requestBody").path("content"));
        }

        @Override
        public String toString() {
            return method + " " + path;
        }
    }

    static OpenApi of(String name) {
        return READ.computeIfAbsent(name, read -> new OpenApi(read, inlined(parsed(read), read)));
    }

    static List<OpenApi> all() {
        return NAMES.stream().map(OpenApi::of).toList();
    }

    /** The operation of this id in any document. */
    static Operation operation(String id) {
        return all().stream()
                .flatMap(document -> document.operations().stream())
                .filter(operation -> operation.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no document has the operation " + id));
    }

    List<Operation> operations() {
        List<Operation> operations = new ArrayList<>();
        members(root.path("paths"))
                .forEach((path, methods) -> members(methods).forEach((method, operation) -> {
                    if (METHODS.contains(method)) {
                        operations.add(new Operation(name, method.toUpperCase(Locale.ROOT), path, operation));
                    }
                }));
        return operations;
    }

    /** Examples of a media type, in the two forms that OpenAPI has. */
    static List<JsonNode> examples(JsonNode mediaType) {
        List<JsonNode> examples = new ArrayList<>();
        if (mediaType.has("example")) {
            examples.add(mediaType.path("example"));
        }
        mediaType.path("examples").forEach(example -> examples.add(example.path("value")));
        return examples;
    }

    /** Members of an object in their order. */
    static Map<String, JsonNode> members(JsonNode object) {
        Map<String, JsonNode> members = new LinkedHashMap<>();
        object.properties().forEach(member -> members.put(member.getKey(), member.getValue()));
        return members;
    }

    static Stream<JsonNode> stream(JsonNode array) {
        return StreamSupport.stream(array.spliterator(), false);
    }

    /** The document as it is. */
    static String text(String name) {
        try (InputStream input = OpenApi.class.getResourceAsStream("/openapi/" + name)) {
            if (input == null) {
                throw new AssertionError("there is no document " + name);
            }
            return new String(input.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static JsonNode parsed(String name) {
        return PARSED.computeIfAbsent(name, read -> {
            try {
                return Json.yaml().readTree(text(read));
            } catch (IOException e) {
                throw new UncheckedIOException(read + " is not YAML", e);
            }
        });
    }

    private static JsonNode inlined(JsonNode node, String document) {
        if (node instanceof ObjectNode object) {
            ObjectNode copy = referred(object, document);
            members(object).forEach((name, value) -> {
                if (!name.equals("$ref")) { // what stands beside a reference wins
                    copy.set(name, inlined(value, document));
                }
            });
            return copy;
        }
        if (node instanceof ArrayNode array) {
            ArrayNode copy = Json.mapper().createArrayNode();
            array.forEach(value -> copy.add(inlined(value, document)));
            return copy;
        }
        return node;
    }

    private static ObjectNode referred(ObjectNode object, String document) {
        if (!object.has("$ref")) {
            return Json.mapper().createObjectNode();
        }
        String[] reference = object.path("$ref").asText().split("#", 2);
        String other = reference[0].isEmpty() ? document : reference[0];
        JsonNode found = parsed(other).at(reference[1]);
        if (!(found instanceof ObjectNode target)) {
            throw new AssertionError(document + " refers to " + object.path("$ref") + ", which is not there");
        }
        return (ObjectNode) inlined(target, other);
    }
}
