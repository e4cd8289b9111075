package io.foretell.tests;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** The page of the HTTP API, made of the OpenAPI documents. Pure functions. */
final class HttpApiPage {
    private static final String SERVER = "http://127.0.0.1:8080";
    private static final String PROBLEM = "application/problem+json";

    private HttpApiPage() {}

    /** @param command regenerates the page */
    static String text(String command) {
        List<OpenApi> documents = OpenApi.all();
        StringBuilder page = new StringBuilder();
        page.append("""
                # HTTP API

                <!-- Generated from the OpenAPI documents; change those, then run: %s -->

                A Foretell process serves HTTP on `http.host` and `http.port`, by default `%s`. Which operations it \
                serves depends on its roles: `foretell up` has them all, `foretell rollout` only those of rollouts and \
                of the server. A running server has the [OpenAPI 3.1 documents](#get-openapidocument) of this page \
                under `/openapi/`.

                """.formatted(command, SERVER));
        contents(documents, page);
        common(page);
        documents.forEach(document -> section(document, page));
        return page.toString();
    }

    private static void contents(List<OpenApi> documents, StringBuilder page) {
        page.append("| operation | purpose |\n| --- | --- |\n");
        for (OpenApi document : documents) {
            for (OpenApi.Operation operation : document.operations()) {
                page.append("| [`%s`](#%s) | %s |\n"
                        .formatted(
                                operation,
                                Manual.anchor(operation.toString()),
                                FieldTable.cell(operation.node().path("summary").asText())));
            }
        }
        page.append('\n');
    }

    private static void common(StringBuilder page) {
        JsonNode components = OpenApi.of("server.yaml").root().path("components");
        page.append("""
                ## Authentication

                If `http.api_keys` is set, every request except the health probes must show one of the keys, as \
                `Authorization: Bearer KEY` or as `X-API-Key: KEY`. Otherwise the answer is 401.

                ## Errors

                """);
        page.append("Errors have the media type `")
                .append(PROBLEM)
                .append("`. Their body is an RFC 9457 problem, with a member `error` for OpenAI clients.\n\n")
                .append(FieldTable.of(components.path("schemas").path("Problem"), false))
                .append('\n')
                .append(block("json", Markdown.indented(components.at("/schemas/Problem/examples/0"))));
        page.append("With 429 and 503, the header `Retry-After` says how many seconds to wait.\n\n");
    }

    private static void section(OpenApi document, StringBuilder page) {
        JsonNode info = document.root().path("info");
        page.append("## ").append(info.path("title").asText()).append("\n\n");
        page.append(paragraphs(info.path("description")));
        page.append("Document: `/openapi/").append(document.name()).append("`\n\n");
        document.operations().forEach(operation -> operation(operation, page));
    }

    private static void operation(OpenApi.Operation operation, StringBuilder page) {
        JsonNode node = operation.node();
        page.append("### `").append(operation).append("`\n\n");
        page.append(node.path("summary").asText()).append(' ').append(paragraphs(node.path("description")));
        page.append(block("sh", String.join("\n", CurlCommand.of(operation, SERVER))));
        parameters(node.path("parameters"), page);
        operation.requestContent().forEach((type, body) -> {
            page.append("**Request** `").append(type).append("`\n\n");
            page.append(FieldTable.of(body.path("schema"), true)).append('\n');
            if (!type.endsWith("json")) {
                OpenApi.examples(body).forEach(example -> page.append(block("", example.asText())));
            }
        });
        statuses(node.path("responses"), page);
        OpenApi.members(node.path("responses"))
                .forEach((status, response) -> OpenApi.members(response.path("content"))
                        .forEach((type, body) -> response(status, type, body, page)));
    }

    private static void parameters(JsonNode parameters, StringBuilder page) {
        if (parameters.isEmpty()) {
            return;
        }
        page.append("| parameter | in | type | description |\n| --- | --- | --- | --- |\n");
        for (JsonNode parameter : parameters) {
            JsonNode schema = parameter.path("schema");
            String description = parameter.path("description").asText();
            if (schema.has("default")) {
                description += " Default: `" + schema.path("default") + "`.";
            }
            page.append("| `%s` | %s | %s | %s |\n"
                    .formatted(
                            parameter.path("name").asText(),
                            parameter.path("in").asText(),
                            FieldTable.cell(FieldTable.type(schema)),
                            FieldTable.cell(description)));
        }
        page.append('\n');
    }

    private static void statuses(JsonNode responses, StringBuilder page) {
        page.append("| status | meaning |\n| --- | --- |\n");
        OpenApi.members(responses).forEach((status, response) -> {
            List<String> headers = new ArrayList<>();
            response.path("headers").fieldNames().forEachRemaining(name -> headers.add("`" + name + "`"));
            String with = headers.isEmpty()
                    ? ""
                    : (headers.size() == 1 ? " Header: " : " Headers: ") + String.join(", ", headers) + ".";
            page.append("| %s | %s |\n"
                    .formatted(
                            status, FieldTable.cell(response.path("description").asText() + with)));
        });
        page.append('\n');
    }

    private static void response(String status, String type, JsonNode body, StringBuilder page) {
        if (type.equals(PROBLEM)) {
            return; // the same for all
        }
        page.append("**Response ").append(status).append("** `").append(type).append("`\n\n");
        page.append(FieldTable.of(body.path("schema"), false)).append('\n');
        for (JsonNode example : OpenApi.examples(body)) {
            page.append(example.isTextual() ? block("", example.asText()) : block("json", Markdown.indented(example)));
        }
    }

    private static String paragraphs(JsonNode description) {
        return description.asText().strip().replaceAll("\n+", "\n\n") + "\n\n";
    }

    private static String block(String language, String text) {
        return "```" + language + "\n" + text.stripTrailing() + "\n```\n\n";
    }
}
