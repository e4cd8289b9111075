package io.foretell.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.regex.Pattern;

/**
 * The safetensors format: eight bytes of header length, a JSON header of {@code name -> dtype, shape, data_offsets},
 * raw little-endian tensors. A file is hostile input: every range is checked before anything is read. Tensors are read
 * and written one at a time, so files may be larger than memory; one tensor holds at most 2 GiB of
 * 32-bit floats.
 */
final class Safetensors {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final long MAX_HEADER = 100 << 20;
    private static final Pattern SHARD = Pattern.compile("[\\w.+-]+\\.safetensors");
    private static final Map<String, Integer> WIDTHS = Map.of("F32", 4, "F16", 2, "BF16", 2);

    private record Entry(Path file, String name, String dtype, List<Integer> shape, long from, long to) {}

    private final Path source;
    private final Map<String, Entry> entries = new HashMap<>();

    /** @param source the file that a complaint about a missing tensor names */
    private Safetensors(Path source) {
        this.source = source;
    }

    /** Opens {@code folder/NAME.safetensors}, or the shards that {@code NAME.safetensors.index.json} lists. */
    static Safetensors open(Path folder, String name) {
        Path single = folder.resolve(name + ".safetensors");
        Path index = folder.resolve(name + ".safetensors.index.json");
        Safetensors tensors = new Safetensors(Files.isRegularFile(single) ? single : index);
        try {
            if (Files.isRegularFile(single)) {
                tensors.add(single);
            } else if (Files.isRegularFile(index)) {
                for (String shard : shards(index)) {
                    tensors.add(folder.resolve(shard));
                }
            } else {
                throw new PolicyException(
                        folder + " has neither " + single.getFileName() + " nor " + index.getFileName());
            }
            return tensors;
        } catch (IOException e) {
            throw new PolicyException("cannot read the weights in " + folder + ": " + e.getMessage(), e);
        }
    }

    private static Set<String> shards(Path index) throws IOException {
        JsonNode json = parse(index, Files.readAllBytes(index), "is damaged: it is not JSON");
        Set<String> shards = new TreeSet<>();
        json.path("weight_map").forEach(shard -> shards.add(shard.asText()));
        for (String shard : shards) {
            if (!SHARD.matcher(shard).matches()) {
                throw new PolicyException(index + " names a shard that is not a file of its folder: '" + shard + "'");
            }
        }
        return shards;
    }

    private static JsonNode parse(Path file, byte[] bytes, String complaint) {
        try {
            JsonNode json = JSON.readTree(bytes);
            if (json != null && json.isObject()) {
                return json;
            }
        } catch (IOException e) {
            throw new PolicyException(file + " " + complaint, e);
        }
        throw new PolicyException(file + " " + complaint);
    }

    private void add(Path file) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            long size = channel.size();
            if (size < 8) {
                throw new PolicyException(file + " is truncated: it has " + size + " bytes");
            }
            ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            readFully(channel, length, 0);
            long header = length.getLong(0);
            if (header < 2 || header > MAX_HEADER || header > size - 8) {
                throw new PolicyException(
                        file + " is damaged: its header claims " + header + " bytes of a file of " + size);
            }
            ByteBuffer text = ByteBuffer.allocate((int) header);
            readFully(channel, text, 8);
            JsonNode json = parse(file, text.array(), "is damaged: its header is not JSON");
            List<Entry> found = new ArrayList<>();
            for (Map.Entry<String, JsonNode> field : json.properties()) {
                if (!field.getKey().equals("__metadata__")) {
                    found.add(entry(file, field.getKey(), field.getValue(), 8 + header, size));
                }
            }
            refuseOverlap(found);
            found.forEach(entry -> entries.put(entry.name(), entry));
        } catch (NoSuchFileException e) {
            throw new PolicyException("the weights file " + file + " is missing");
        }
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
        int width = WIDTHS.getOrDefault(dtype, 0);
        if (width != 0 && bytes(shape, width) != to - from) {
            throw new PolicyException(file + " is damaged: tensor " + name + " of shape " + shape + " and type " + dtype
                    + " does not fill " + (to - from) + " bytes");
        }
        return new Entry(file, name, dtype, shape, base + from, base + to);
    }

    private static long offset(JsonNode json, int index) {
        JsonNode offset = json.path("data_offsets").path(index);
        return offset.canConvertToLong() && offset.isIntegralNumber() ? offset.asLong() : -1;
    }

    /** Bytes of a tensor, or -1 where its shape is not possible. */
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

    /** The values of tensor {@code name}, converted to 32-bit floats. */
    FloatBuffer read(String name, List<Integer> shape) {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw new PolicyException(source + " has no tensor " + name);
        }
        if (!entry.shape().equals(shape)) {
            throw new PolicyException(entry.file() + ": tensor " + name + " has shape " + entry.shape()
                    + " but config.json asks for " + shape);
        }
        if (!WIDTHS.containsKey(entry.dtype())) {
            throw new PolicyException(entry.file() + ": tensor " + name + " has type " + entry.dtype()
                    + "; supported are F32, F16 and BF16");
        }
        if (bytes(shape, Float.BYTES) > Integer.MAX_VALUE) {
            throw new PolicyException(entry.file() + ": tensor " + name + " is larger than 2 GiB in 32-bit floats");
        }
        try (FileChannel channel = FileChannel.open(entry.file(), StandardOpenOption.READ)) {
            ByteBuffer bytes =
                    ByteBuffer.allocateDirect((int) (entry.to() - entry.from())).order(ByteOrder.LITTLE_ENDIAN);
            readFully(channel, bytes, entry.from());
            bytes.flip();
            return floats(entry.dtype(), bytes);
        } catch (IOException e) {
            throw new PolicyException(entry.file() + ": tensor " + name + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static FloatBuffer floats(String dtype, ByteBuffer bytes) {
        if (dtype.equals("F32")) {
            return bytes.asFloatBuffer();
        }
        FloatBuffer floats = ByteBuffer.allocateDirect(bytes.remaining() * 2)
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        boolean brain = dtype.equals("BF16");
        while (bytes.hasRemaining()) {
            short half = bytes.getShort();
            floats.put(brain ? Float.intBitsToFloat(half << 16) : halfToFloat(half));
        }
        return floats.flip();
    }

    static float halfToFloat(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = (half >> 10) & 0x1f;
        int mantissa = half & 0x3ff;
        if (exponent == 0) {
            return Float.intBitsToFloat(sign | Float.floatToIntBits(mantissa * 0x1p-24f));
        }
        int biased = exponent == 31 ? 255 : exponent + 112;
        return Float.intBitsToFloat(sign | biased << 23 | mantissa << 13);
    }

    /** Writes F32 tensors in order; {@code values} is asked for one tensor at a time. */
    static void write(Path file, List<ModelConfig.Parameter> parameters, IntFunction<FloatBuffer> values) {
        ObjectNode header = JSON.createObjectNode();
        header.putObject("__metadata__").put("format", "pt");
        long offset = 0;
        for (ModelConfig.Parameter parameter : parameters) {
            ObjectNode entry = header.putObject(parameter.name());
            entry.put("dtype", "F32");
            parameter.shape().forEach(entry.putArray("shape")::add);
            entry.putArray("data_offsets").add(offset).add(offset + 4 * parameter.size());
            offset += 4 * parameter.size();
        }
        StringBuilder text = new StringBuilder(header.toString());
        while (text.length() % 8 != 0) {
            text.append(' ');
        }
        byte[] json = text.toString().getBytes(StandardCharsets.UTF_8);
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer start = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
            start.putLong(json.length).put(json).flip();
            writeFully(channel, start);
            for (int i = 0; i < parameters.size(); i++) {
                FloatBuffer floats = values.apply(i);
                ByteBuffer bytes =
                        ByteBuffer.allocateDirect(4 * floats.remaining()).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asFloatBuffer().put(floats);
                writeFully(channel, bytes);
            }
        } catch (IOException e) {
            throw new PolicyException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    private static void readFully(FileChannel channel, ByteBuffer target, long position) throws IOException {
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
