package io.foretell.sources;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import io.foretell.domain.Document;
import io.foretell.platform.ErrorCode;
import io.foretell.platform.Sha256;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads and cleans documents as producers write them: {@code {"id"?, "text", "domain"?, "meta"?}} in UTF-8. Other
 * fields are kept in the document's meta. A document without an id gets the sha-256 of its cleaned text. Thread-safe.
 */
public final class DocumentParser {
    public static final int DEFAULT_MAX_BYTES = 10_000_000;
    private static final int MAX_ID_LENGTH = 200;
    private static final char REPLACEMENT = '\ufffd';

    private final int maxBytes;
    private final ObjectReader trees;
    private final JsonFactory json;

    public DocumentParser() {
        this(DEFAULT_MAX_BYTES);
    }

    /** @param maxBytes maximum bytes of one document's text in UTF-8 */
    public DocumentParser(int maxBytes) {
        this.maxBytes = maxBytes;
        this.json = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(100)
                        .maxStringLength(Integer.MAX_VALUE)
                        .build())
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .build();
        ObjectMapper mapper = new ObjectMapper(json);
        json.setCodec(mapper);
        this.trees = mapper.readerFor(JsonNode.class);
    }

    /** A parsed document, and whether cleaning left its text unchanged. */
    public record Parsed(Document document, boolean isUnchanged, boolean hasOwnId) {}

    /**
     * The cleaned document in {@code bytes}.
     *
     * @throws RejectedDocumentException INVALID_REQUEST if it is not JSON in UTF-8, TOO_LARGE, or UNPROCESSABLE if a
     *     field is missing or wrong
     */
    public Document parse(byte[] bytes) {
        return parseRecord(bytes).document();
    }

    public Parsed parseRecord(byte[] bytes) {
        if (bytes.length > 6L * maxBytes + 1_000_000) {
            throw tooLarge(bytes.length);
        }
        String text = decode(bytes);
        Fields fields = new Fields();
        try (JsonParser parser = json.createParser(text)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw syntax("the document is not a JSON object; send one like {\"text\": \"...\"}");
            }
            for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
                read(parser, name, fields);
            }
            if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null) {
                throw syntax("something follows the document's JSON object; send one object only, or one per line as"
                        + " application/x-ndjson");
            }
        } catch (JsonProcessingException e) {
            String place = e.getLocation() == null
                    ? ""
                    : " at column " + e.getLocation().getColumnNr();
            throw syntax("the document is not valid JSON" + place + ": " + firstLine(e.getOriginalMessage()));
        } catch (IOException e) {
            throw syntax("the document is not valid JSON: " + firstLine(String.valueOf(e.getMessage())));
        }
        if (fields.text == null) {
            throw field("the document has no text; put it into the field \"text\" as a string");
        }
        Document document = of(fields.id, fields.text, fields.domain, fields.meta);
        return new Parsed(document, document.text().equals(fields.text), fields.id != null);
    }

    /* The fast decoder replaces malformed bytes by U+FFFD; strict decoding is needed only if one appears. */
    private static String decode(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.indexOf(REPLACEMENT) < 0) {
            return text;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new RejectedDocumentException(
                    ErrorCode.INVALID_REQUEST, "encoding", "the document is not valid UTF-8; encode it as UTF-8");
        }
    }

    private void read(JsonParser parser, String name, Fields fields) throws IOException {
        JsonToken token = parser.nextToken();
        switch (name) {
            case "text" -> fields.text = string(parser, token, name, fields.text);
            case "id" -> fields.id = token == JsonToken.VALUE_NULL ? null : string(parser, token, name, fields.id);
            case "domain" ->
                fields.domain = token == JsonToken.VALUE_NULL ? null : string(parser, token, name, fields.domain);
            case "meta" -> readMeta(parser, token, fields.meta);
            default -> put(fields.meta, name, trees.readTree(parser));
        }
    }

    private static String string(JsonParser parser, @Nullable JsonToken token, String name, @Nullable String before)
            throws IOException {
        if (before != null) {
            throw field("the document has the field \"" + name + "\" twice; send it once");
        }
        if (token != JsonToken.VALUE_STRING) {
            throw field("the field \"" + name + "\" is not a string; put it into quotes");
        }
        return parser.getText();
    }

    private void readMeta(JsonParser parser, @Nullable JsonToken token, Map<String, String> meta) throws IOException {
        if (token == JsonToken.VALUE_NULL) {
            return;
        }
        if (token != JsonToken.START_OBJECT) {
            throw field("the field \"meta\" is not an object; send it like {\"source\": \"...\"}");
        }
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            JsonToken value = parser.nextToken();
            if (value == JsonToken.START_OBJECT || value == JsonToken.START_ARRAY) {
                throw field("meta." + name + " is not flat; meta takes strings, numbers and booleans only");
            }
            put(meta, name, trees.readTree(parser));
        }
    }

    private static void put(Map<String, String> meta, String name, JsonNode value) {
        if (!value.isNull()) {
            meta.put(name, value.isValueNode() ? value.asText() : value.toString());
        }
    }

    /**
     * The cleaned document with these fields.
     *
     * @param id null or blank for the sha-256 of the cleaned text
     * @throws RejectedDocumentException TOO_LARGE or UNPROCESSABLE
     */
    public Document of(@Nullable String id, String text, @Nullable String domain, Map<String, String> meta) {
        if (text.length() > maxBytes || (text.length() > maxBytes / 3 && utf8Length(text) > maxBytes)) {
            throw tooLarge(utf8Length(text));
        }
        if (!TextCleaner.isEncodable(text)) {
            throw field("the text contains half of a surrogate pair; write characters beyond U+FFFF in full");
        }
        String cleaned = TextCleaner.clean(text);
        if (!TextCleaner.isVisible(cleaned)) {
            throw field("the document's text is blank; send at least one visible character");
        }
        if (id != null && (id.isBlank() || id.length() > MAX_ID_LENGTH || !TextCleaner.isEncodable(id))) {
            throw field("the document's id has " + id.length() + " characters or is blank; use 1 to " + MAX_ID_LENGTH
                    + " characters, or leave it out");
        }
        if (domain != null && domain.length() > MAX_ID_LENGTH) {
            throw field("the document's domain has " + domain.length() + " characters; use at most " + MAX_ID_LENGTH);
        }
        return new Document(
                id == null ? Sha256.hex(Sha256.of(cleaned)) : id, cleaned, domain == null ? "" : domain.strip(), meta);
    }

    public int maxBytes() {
        return maxBytes;
    }

    private RejectedDocumentException tooLarge(long bytes) {
        return new RejectedDocumentException(
                ErrorCode.TOO_LARGE,
                "size",
                "the document has " + bytes + " bytes but at most " + maxBytes + " are taken; split it into parts");
    }

    private static long utf8Length(String text) {
        long bytes = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            bytes += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
        }
        return bytes;
    }

    private static RejectedDocumentException syntax(String sentence) {
        return new RejectedDocumentException(ErrorCode.INVALID_REQUEST, "syntax", sentence);
    }

    private static RejectedDocumentException field(String sentence) {
        return new RejectedDocumentException(ErrorCode.UNPROCESSABLE, "field", sentence);
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse("it ends too early");
    }

    /** The fields of a document read so far. */
    private static final class Fields {
        private final Map<String, String> meta = new HashMap<>();
        private @Nullable String id;
        private @Nullable String text;
        private @Nullable String domain;
    }
}
