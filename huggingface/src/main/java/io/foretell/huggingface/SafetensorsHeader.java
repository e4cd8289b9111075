package io.foretell.huggingface;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The header of a safetensors file: eight bytes of length, then JSON of {@code name -> dtype, shape, data_offsets}. It
 * is untrusted input: every length and range is checked, and an error is one sentence with the file and the tensor.
 */
final class SafetensorsHeader {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long MAX_BYTES = 100 << 20;

    private SafetensorsHeader() {}

    /**
     * One tensor of a file.
     *
     * @param from offset of its first byte in the file
     * @param to offset after its last byte
     */
    record Entry(Path file, String name, String dtype, List<Integer> shape, long from, long to) {}

    /** The tensors of {@code file} by name. */
    static Map<String, Entry> read(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < 8) {
                throw new PolicyException(file + " is truncated: it has " + size + " bytes");
            }
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            readFully(channel, length, 0);
            long header = length.getLong(0);
            if (header < 2 || header > MAX_BYTES || header > size - 8) {
                throw new PolicyException(
                        file + " is damaged: its header claims " + header + " bytes of a file of " + size);
            }
            ByteBuffer text = ByteBuffer.allocate((int) header);
            readFully(channel, text, 8);
            Map<String, Entry> entries = new LinkedHashMap<>();
            fields(file, text.array(), "its header is not JSON").forEach((name, json) -> {
                if (!name.equals("__metadata__")) {
                    entries.put(name, entry(file, name, json, 8 + header, size));
                }
            });
            refuseOverlap(new ArrayList<>(entries.values()));
            return entries;
        } catch (NoSuchFileException e) {
            throw new PolicyException("the weights file " + file + " is missing", e);
        }
    }

    /**
     * The fields of a JSON object; rejects duplicate keys at any depth.
     *
     * @param complaint the error if it is not a JSON object
     */
    static Map<String, JsonNode> fields(Path file, byte[] bytes, String complaint) {
        Map<String, JsonNode> fields = new LinkedHashMap<>();
        try (JsonParser parser = JSON.createParser(bytes)) {
            parser.enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION);
            boolean isObject = parser.nextToken() == JsonToken.START_OBJECT;
            while (isObject && parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                parser.nextToken();
                fields.put(name, JSON.readTree(parser));
            }
            if (isObject && parser.currentToken() == JsonToken.END_OBJECT && parser.nextToken() == null) {
                return fields;
            }
        } catch (JsonProcessingException e) {
            boolean twice = e.getOriginalMessage().startsWith("Duplicate");
            throw new PolicyException(
                    file + " is damaged: "
                            + (twice ? e.getOriginalMessage().replace("Duplicate", "duplicate") : complaint),
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new PolicyException(file + " is damaged: " + complaint);
    }

    private static Entry entry(Path file, String name, JsonNode json, long base, long size) {
        String dtype = json.path("dtype").asText();
        List<Integer> shape = new ArrayList<>();
        for (JsonNode side : json.path("shape")) {
            shape.add(side.isInt() ? side.asInt() : -1);
        }
        long from = offset(json, 0);
        long to = offset(json, 1);
        if (from < 0 || to < from || to > size - base) {
            throw new PolicyException(file + " is damaged or truncated: tensor " + name + " lies at bytes " + from
                    + " to " + to + " of " + (size - base));
        }
        for (FloatFormat format : FloatFormat.values()) {
            if (format.name().equals(dtype) && bytes(shape, format.width) != to - from) {
                throw new PolicyException(file + " is damaged: tensor " + name + " of shape " + shape + " and type "
                        + dtype + " does not fill " + (to - from) + " bytes");
            }
        }
        return new Entry(file, name, dtype, List.copyOf(shape), base + from, base + to);
    }

    private static long offset(JsonNode json, int index) {
        JsonNode offset = json.path("data_offsets").path(index);
        return offset.canConvertToLong() && offset.isIntegralNumber() ? offset.asLong() : -1;
    }

    /** Bytes of a tensor, or -1 if its shape is invalid. */
    private static long bytes(List<Integer> shape, int width) {
        long bytes = width;
        for (int side : shape) {
            if (side < 0 || side > 0 && bytes > Long.MAX_VALUE / side) {
                return -1;
            }
            bytes *= side;
        }
        return bytes;
    }

    private static void refuseOverlap(List<Entry> entries) {
        entries.sort(Comparator.comparingLong(Entry::from).thenComparingLong(Entry::to));
        for (int i = 1; i < entries.size(); i++) {
            Entry before = entries.get(i - 1);
            Entry entry = entries.get(i);
            if (entry.from() < before.to()) {
                throw new PolicyException(
                        entry.file() + " is damaged: tensors " + before.name() + " and " + entry.name() + " overlap");
            }
        }
    }

    static void readFully(FileChannel channel, ByteBuffer target, long position) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int read = channel.read(target, at);
            if (read < 0) {
                throw new IOException("the file ends at byte " + at);
            }
            at += read;
        }
    }
}
