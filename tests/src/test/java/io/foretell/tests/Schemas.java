package io.foretell.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.util.List;

/** Values held against schemas of {@link OpenApi}, which are JSON Schema 2020-12. Pure functions. */
final class Schemas {
    private static final JsonSchemaFactory FACTORY = JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);

    private Schemas() {}

    /** What is wrong with {@code value}, one sentence each. */
    static List<String> violations(JsonNode schema, JsonNode value) {
        return FACTORY.getSchema(schema).validate(value).stream()
                .map(ValidationMessage::getMessage)
                .sorted()
                .toList();
    }

    /**
     * The schema as a server is held against it: an object has no members beyond those that are described. Clients must
     * expect more, so the documents do not say so.
     */
    static JsonNode closed(JsonNode schema) {
        JsonNode copy = schema.deepCopy();
        close(copy);
        return copy;
    }

    private static void close(JsonNode node) {
        node.forEach(Schemas::close);
        if (node instanceof ObjectNode object && isObject(object) && !object.has("additionalProperties")) {
            object.put("additionalProperties", false);
        }
    }

    private static boolean isObject(ObjectNode schema) {
        return schema.path("type").asText().equals("object")
                && schema.path("properties").isObject();
    }
}
