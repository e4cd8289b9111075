package io.foretell.sources;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.foretell.domain.Document;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.Json;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns JSON records into documents: the field {@code text}, or a template such as <code>{question}\n{answer}</code>,
 * or, without either, all string fields in order. Confined to one thread.
 */
final class JsonRecords {
    private static final Logger log = LoggerFactory.getLogger(JsonRecords.class);
    private static final Pattern FIELD = Pattern.compile("\\{([^{}]+)}");

    private final DocumentParser parser;
    private final @Nullable String template;
    private final @Nullable String domain;
    private @Nullable String guessed;

    JsonRecords(DocumentParser parser, @Nullable String template, @Nullable String domain) {
        this.parser = parser;
        this.template = template;
        this.domain = domain;
    }

    Document document(String json) {
        JsonNode record;
        try {
            record = Json.mapper().readTree(json);
        } catch (JsonProcessingException e) {
            throw new RejectedDocumentException(
                    ErrorCode.INVALID_REQUEST, "syntax", "it is not valid JSON: " + e.getOriginalMessage());
        }
        return document(record);
    }

    Document document(JsonNode record) {
        if (!record.isObject()) {
            throw new RejectedDocumentException(ErrorCode.INVALID_REQUEST, "syntax", "it is not a JSON object");
        }
        String wanted = template;
        if (wanted == null && !record.path("text").isTextual()) {
            wanted = guess(record);
        }
        String text = wanted == null ? record.get("text").textValue() : filled(wanted, record);
        JsonNode id = record.path("id");
        JsonNode ownDomain = record.path("domain");
        return parser.of(
                id.isTextual() && !id.textValue().isBlank() && id.textValue().length() <= 200 ? id.textValue() : null,
                text,
                ownDomain.isTextual() ? ownDomain.textValue() : domain,
                wanted == null ? meta(record) : Map.of());
    }

    private String guess(JsonNode record) {
        List<String> fields = new ArrayList<>();
        record.properties().forEach(field -> {
            if (field.getValue().isTextual()
                    && !field.getKey().equals("id")
                    && !field.getKey().equals("domain")) {
                fields.add("{" + field.getKey() + "}");
            }
        });
        if (fields.isEmpty()) {
            throw new RejectedDocumentException(
                    ErrorCode.UNPROCESSABLE,
                    "field",
                    "it has no field \"text\" and no other string field; name its fields in a template");
        }
        String guess = String.join("\n", fields);
        if (!guess.equals(guessed)) {
            if (guessed == null) {
                log.warn(
                        "records have no field \"text\", so the template {} is used; set documents.template to choose",
                        guess.replace("\n", "\\n"));
            }
            guessed = guess;
        }
        return guess;
    }

    private static String filled(String template, JsonNode record) {
        Matcher fields = FIELD.matcher(template);
        StringBuilder text = new StringBuilder();
        while (fields.find()) {
            JsonNode value = record.path(fields.group(1));
            if (value.isMissingNode()) {
                throw new RejectedDocumentException(
                        ErrorCode.UNPROCESSABLE,
                        "field",
                        "it has no field \"" + fields.group(1) + "\", which the template names");
            }
            fields.appendReplacement(
                    text, Matcher.quoteReplacement(value.isTextual() ? value.textValue() : value.toString()));
        }
        return fields.appendTail(text).toString();
    }

    private static Map<String, String> meta(JsonNode record) {
        Map<String, String> meta = new HashMap<>();
        record.properties().forEach(field -> {
            JsonNode value = field.getValue();
            switch (field.getKey()) {
                case "id", "text", "domain" -> {}
                case "meta" -> value.properties().forEach(inner -> put(meta, inner.getKey(), inner.getValue()));
                default -> put(meta, field.getKey(), value);
            }
        });
        return meta;
    }

    private static void put(Map<String, String> meta, String name, JsonNode value) {
        if (!value.isNull()) {
            meta.put(name, value.isValueNode() ? value.asText() : value.toString());
        }
    }
}
