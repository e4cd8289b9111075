package io.foretell.tests;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * A schema as rows of a Markdown table, one per field; nested fields by their path, such as {@code choices[].text}.
 * Confined to one thread.
 */
final class FieldTable {
    private final boolean isRequest;
    private final List<Row> rows = new ArrayList<>();

    private record Row(String fields, String said) {}

    private FieldTable(boolean isRequest) {
        this.isRequest = isRequest;
    }

    /**
     * The tables of a body: one, or one per alternative; a sentence for what is no object.
     *
     * @param isRequest says what is required rather than what may be missing
     */
    static String of(JsonNode schema, boolean isRequest) {
        if (schema.has("oneOf")) {
            List<String> tables = new ArrayList<>();
            schema.path("oneOf")
                    .forEach(each -> tables.add("*" + each.path("title").asText() + "*\n\n" + of(each, isRequest)));
            return String.join("\n", tables);
        }
        if (properties(schema).isEmpty()) {
            return schema.path("description").asText() + "\n";
        }
        FieldTable table = new FieldTable(isRequest);
        table.fields(schema, "");
        return "| field | type | description |\n| --- | --- | --- |\n"
                + table.rows.stream()
                        .map(row -> "| " + row.fields() + " | " + row.said() + " |\n")
                        .collect(Collectors.joining());
    }

    /** A schema's type in a few words, such as {@code integer 1 to 1024 or null}. */
    static String type(JsonNode schema) {
        if (schema.has("const")) {
            return "`" + schema.path("const") + "`";
        }
        if (schema.has("enum")) {
            return list(schema.path("enum"), value -> value.isNull() ? "null" : "`" + value + "`");
        }
        if (schema.has("oneOf")) {
            return list(schema.path("oneOf"), FieldTable::type);
        }
        if (schema.path("type").isArray()) {
            return list(schema.path("type"), type -> typeAs(schema, type.asText()));
        }
        return schema.has("type") ? typeAs(schema, schema.path("type").asText()) : "any";
    }

    private static String typeAs(JsonNode schema, String type) {
        return switch (type) {
            case "integer", "number" -> type + range(schema);
            case "array" -> schema.has("items") ? "list of " + plural(type(schema.path("items"))) : "empty list";
            case "object" -> isMap(schema) ? "map of " + plural(type(schema.path("additionalProperties"))) : type;
            default -> type;
        };
    }

    private static boolean isMap(JsonNode schema) {
        return !schema.has("properties")
                && schema.path("additionalProperties").path("type").isTextual();
    }

    private static String plural(String type) {
        for (String noun : List.of("string", "integer", "number", "object", "list")) {
            if (type.equals(noun) || type.startsWith(noun + " ")) {
                return noun + "s" + type.substring(noun.length());
            }
        }
        return type;
    }

    /* Bounds that are only those of the number's representation tell nothing. */
    private static String range(JsonNode schema) {
        boolean hasLeast =
                schema.has("minimum") && Math.abs(schema.path("minimum").asDouble()) < 1e9;
        boolean hasMost =
                schema.has("maximum") && Math.abs(schema.path("maximum").asDouble()) < 1e9;
        String least = plain(schema.path("minimum"));
        String most = plain(schema.path("maximum"));
        if (hasLeast && hasMost) {
            return " " + least + " to " + most;
        }
        return hasLeast ? " ≥ " + least : hasMost ? " ≤ " + most : "";
    }

    private static String plain(JsonNode number) {
        return number.decimalValue().stripTrailingZeros().toPlainString();
    }

    private static String list(JsonNode values, Function<JsonNode, String> text) {
        Set<String> texts = new LinkedHashSet<>();
        values.forEach(value -> texts.add(text.apply(value)));
        List<String> all = List.copyOf(texts);
        int last = all.size() - 1;
        return last == 0 ? all.get(0) : String.join(", ", all.subList(0, last)) + " or " + all.get(last);
    }

    private void fields(JsonNode schema, String prefix) {
        Set<String> required = required(schema);
        properties(schema).forEach((name, property) -> {
            String path = prefix + name;
            row(path, type(property) + presence(required.contains(name)), property);
            nested(property, path);
        });
        for (String others : List.of("additionalProperties", "unevaluatedProperties")) {
            if (!properties(schema).isEmpty() && schema.path(others).has("description")) {
                row(prefix + "*", type(schema.path(others)), schema.path(others));
            }
        }
    }

    private String presence(boolean isRequired) {
        return isRequest ? (isRequired ? ", required" : "") : isRequired ? "" : ", optional";
    }

    /** The fields within a field: an object's, a list's, a map's, and those of all alternatives. */
    private void nested(JsonNode schema, String path) {
        fields(schema, path + ".");
        if (schema.path("items").isObject()) {
            nested(schema.path("items"), path + "[]");
        }
        JsonNode values = schema.path("additionalProperties");
        if (!properties(values).isEmpty()) {
            nested(values, path + ".*");
        }
        schema.path("oneOf").forEach(each -> nested(each, path));
    }

    private void row(String path, String type, JsonNode schema) {
        String description = schema.path("description").asText();
        if (schema.has("default") && !schema.path("default").isNull()) {
            description += " Default: `" + schema.path("default") + "`.";
        }
        add("`" + path + "`", cell(type) + " | " + cell(description));
    }

    /* Fields in a row of which the same is said share it. */
    private void add(String field, String said) {
        int last = rows.size() - 1;
        if (last >= 0 && rows.get(last).said().equals(said)) {
            rows.set(last, new Row(rows.get(last).fields() + ", " + field, said));
        } else {
            rows.add(new Row(field, said));
        }
    }

    /** Text as it may stand in a cell of a table. */
    static String cell(String text) {
        return text.strip().replace("\n", " ").replace("|", "\\|");
    }

    private static Map<String, JsonNode> properties(JsonNode schema) {
        Map<String, JsonNode> properties = new LinkedHashMap<>();
        for (JsonNode part : parts(schema)) {
            properties.putAll(OpenApi.members(part.path("properties")));
        }
        return properties;
    }

    private static Set<String> required(JsonNode schema) {
        return parts(schema).stream()
                .flatMap(part -> OpenApi.stream(part.path("required")))
                .map(JsonNode::asText)
                .collect(Collectors.toSet());
    }

    private static List<JsonNode> parts(JsonNode schema) {
        if (schema instanceof MissingNode || !schema.isObject()) {
            return List.of();
        }
        List<JsonNode> parts = new ArrayList<>(List.of(schema));
        schema.path("allOf").forEach(part -> parts.addAll(parts(part)));
        return parts;
    }
}
