package io.foretell.streams;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A record as an object {@code {"v": schema version, "record": fields}}; unknown fields are ignored. Thread-safe. */
final class RecordCodec<T> implements Codec<T> {
    private static final String VERSION = "v";
    private static final String RECORD = "record";

    private final ObjectMapper mapper;
    private final ObjectReader reader;
    private final ObjectWriter writer;
    private final String name;
    private final int version;
    private final Function<T, Map<String, String>> labels;
    private final Consumer<JsonNode> upgrade;
    private final UnaryOperator<T> completed;

    /**
     * @param upgrade gives a record of the schema version before the fields of this one
     * @param completed fills in what those fields should say
     */
    RecordCodec(
            ObjectMapper mapper,
            Class<T> type,
            String name,
            int version,
            Function<T, Map<String, String>> labels,
            Consumer<JsonNode> upgrade,
            UnaryOperator<T> completed) {
        this.mapper = mapper;
        this.reader = mapper.readerFor(type);
        this.writer = mapper.writerFor(type);
        this.name = name;
        this.version = version;
        this.labels = labels;
        this.upgrade = upgrade;
        this.completed = completed;
    }

    @Override
    public byte[] encode(T value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(1024);
        try (JsonGenerator generator = mapper.createGenerator(bytes)) {
            generator.writeStartObject();
            generator.writeNumberField(VERSION, version);
            generator.writeFieldName(RECORD);
            writer.writeValue(generator, value);
            generator.writeEndObject();
        } catch (IOException e) {
            throw new IllegalStateException("a " + name + " cannot be written: " + value, e);
        }
        return bytes.toByteArray();
    }

    @Override
    public T decode(byte[] bytes) {
        try (JsonParser parser = mapper.createParser(bytes)) {
            return read(parser, bytes.length);
        } catch (UnreadableRecordException e) {
            throw e;
        } catch (JsonMappingException e) {
            throw unreadable(bytes.length, e.getPathReference().isEmpty() ? e : rootOf(e));
        } catch (IOException | RuntimeException e) {
            throw unreadable(bytes.length, e);
        }
    }

    private T read(JsonParser parser, int length) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT || !VERSION.equals(parser.nextFieldName())) {
            throw new UnreadableRecordException(
                    length + " bytes are not a " + name + ": they do not begin with a schema version");
        }
        int found = parser.nextIntValue(-1);
        if (found < version - 1 || found < 1 || found > version) {
            throw new UnreadableRecordException("a " + name + " has schema version " + found
                    + " but this program reads version " + version + " and the one before");
        }
        T record = null;
        for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
            JsonToken token = parser.nextToken();
            if (RECORD.equals(field) && token == JsonToken.START_OBJECT && record == null) {
                record = found < version ? upgraded(parser) : reader.readValue(parser);
            } else {
                parser.skipChildren();
            }
        }
        if (parser.currentToken() != JsonToken.END_OBJECT || parser.nextToken() != null || record == null) {
            throw new UnreadableRecordException(
                    length + " bytes are not a " + name + ": there is no whole record in them");
        }
        return record;
    }

    private T upgraded(JsonParser parser) throws IOException {
        JsonNode older = mapper.readTree(parser);
        upgrade.accept(older);
        T record = reader.readValue(older);
        return completed.apply(record);
    }

    private UnreadableRecordException unreadable(int length, Throwable cause) {
        String reason = cause instanceof com.fasterxml.jackson.core.JsonProcessingException json
                ? json.getOriginalMessage()
                : String.valueOf(cause.getMessage());
        return new UnreadableRecordException(length + " bytes are not a " + name + ": " + abbreviated(reason), cause);
    }

    private static Throwable rootOf(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    private static String abbreviated(String reason) {
        String line = reason.lines().findFirst().orElse("");
        return line.length() <= 300 ? line : line.substring(0, 300) + "...";
    }

    @Override
    public Map<String, String> labels(T value) {
        return labels.apply(value);
    }
}
