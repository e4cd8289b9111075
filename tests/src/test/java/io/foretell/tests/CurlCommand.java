package io.foretell.tests;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Commands that call an operation with the examples of its document. Pure functions. */
final class CurlCommand {
    private CurlCommand() {}

    /** One command, or one per example of the body; {@code x-curl} where the document has it. */
    static List<String> of(OpenApi.Operation operation, String server) {
        JsonNode own = operation.node().path("x-curl");
        if (own.isTextual()) {
            return List.of(own.asText());
        }
        String target = server + target(operation);
        String url = target.contains("?") ? "'" + target + "'" : target;
        if (operation.requestContent().isEmpty()) {
            return List.of((operation.method().equals("GET") ? "curl " : "curl -X " + operation.method() + " ") + url);
        }
        List<String> commands = new ArrayList<>();
        operation.requestContent().forEach((type, body) -> {
            String header = " -H 'Content-Type: " + type + "' ";
            if (type.equals("application/json")) {
                OpenApi.examples(body)
                        .forEach(example -> commands.add("curl " + url + header + "-d " + quoted(example)));
            } else {
                commands.add("curl " + url + header + "--data-binary @documents.jsonl");
            }
        });
        return commands;
    }

    private static String quoted(JsonNode example) {
        return "'" + Markdown.json(example).replace("'", "'\\''") + "'";
    }

    private static String target(OpenApi.Operation operation) {
        String path = operation.path();
        List<String> query = new ArrayList<>();
        for (JsonNode parameter : operation.node().path("parameters")) {
            String name = parameter.path("name").asText();
            String example = parameter.path("example").asText();
            switch (parameter.path("in").asText()) {
                case "path" -> path = path.replace("{" + name + "}", example);
                case "query" -> query.add(name + "=" + example);
                default -> {} // none of the headers is needed
            }
        }
        return path + (query.isEmpty() ? "" : "?" + String.join("&", query));
    }
}
